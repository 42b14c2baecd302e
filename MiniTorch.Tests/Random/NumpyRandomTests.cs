namespace MiniTorch.Tests.RandomNumbers;

/// <summary>NumPy's stream beyond the rows of rng.json. Reference values were drawn with NumPy 1.24.2.</summary>
public class NumpyRandomTests
{
    [Test]
    public void Binomial_numbers_of_large_means_and_of_none_equal_NumPys()
    {
        var random = new NumpyRandom(42);
        random.Binomial(1000, 0.3, 4).ShouldBe([289, 286, 302, 278]);
        random.Binomial(1000, 0.7, 4).ShouldBe([694, 727, 693, 697]);
        random.Binomial(1_000_000, 0.5, 4).ShouldBe([499866, 500307, 500735, 500022]);
        random.Binomial(5, 0, 2).ShouldBe([0, 0]);
        random.Binomial(0, 0.5, 2).ShouldBe([0, 0]);
        random.Rand(1).ShouldBe([0.5924145688620425]);
    }

    // Long rows reach every branch of the rejection; the sums are of the numbers, and of the numbers times 0 … 6 in turn.
    [TestCase(5, 1_000_000, 0.4, 1600014969, 4797523072)]
    [TestCase(6, 200_000, 0.97, 775996832, 2326821032)]
    [TestCase(7, 100, 0.5, 200220, 599491)]
    [TestCase(8, 3_000_000, 0.001, 11998213, 35974739)]
    public void Long_rows_of_binomial_numbers_equal_NumPys(long seed, long trials, double probability, long sum, long weightedSum)
    {
        long[] numbers = new NumpyRandom(seed).Binomial(trials, probability, 4000);
        numbers.Sum().ShouldBe(sum);
        numbers.Index().Sum(number => number.Item * (number.Index % 7)).ShouldBe(weightedSum);
    }

    [Test]
    public void A_weighted_choice_without_replacement_equals_NumPys() =>
        new NumpyRandom(42).Choice([0.05, 0.05, 0.5, 0.2, 0.1, 0.1], 5, replace: false).ShouldBe([2, 5, 3, 0, 4]);

    [Test]
    public void Integers_of_ranges_from_one_to_the_full_64_bits_equal_NumPys()
    {
        var random = new NumpyRandom(42);
        random.RandInt(long.MinValue, long.MaxValue, 2).ShouldBe([-2314326399425823309, 8314211556539077902]);
        random.RandInt(0, 1L << 32, 2).ShouldBe([3143890026, 3348747335]);
        random.RandInt(3, 4, 2).ShouldBe([3, 3]);
        random.Rand(1).ShouldBe([0.5986584841970366]);
    }

    static IEnumerable<TestCaseData> Misuses()
    {
        static TestCaseData Misuse(string message, Action<NumpyRandom> call) => new TestCaseData(message, call).SetName($"Refused: {message}");
        yield return Misuse("rand: cannot draw -1 numbers", r => r.Rand(-1));
        yield return Misuse("randint: needs low < high", r => r.RandInt(2, 2, 1));
        yield return Misuse("uniform: needs a finite high - low", r => r.Uniform(0, double.PositiveInfinity, 1));
        yield return Misuse("normal: needs std >= 0", r => r.Normal(0, -1, 1));
        yield return Misuse("exponential: needs scale >= 0", r => r.Exponential(-1, 1));
        yield return Misuse("binomial: needs trials >= 0", r => r.Binomial(-1, 0.5, 1));
        yield return Misuse("binomial: needs a probability in [0, 1]", r => r.Binomial(1, double.NaN, 1));
        yield return Misuse("shuffle: 5 elements are no rows of 2", r => r.Shuffle<int>(new int[5], 2));
        yield return Misuse("choice: cannot pick 4 of 3 without replacement", r => r.Choice(3, 4, replace: false));
        yield return Misuse("choice: needs probabilities >= 0", r => r.Choice([1.5, -0.5], 1));
        yield return Misuse("choice: the probabilities must sum to 1", r => r.Choice([0.5, 0.4], 1));
        yield return Misuse("choice: cannot pick 2 without replacement", r => r.Choice([1.0, 0.0], 2, replace: false));
    }

    [TestCaseSource(nameof(Misuses))]
    public void A_misuse_is_refused(string message, Action<NumpyRandom> call) =>
        Should.Throw<MiniTorchException>(() => call(new NumpyRandom(42))).Message.ShouldStartWith(message);

    [Test]
    public void A_seed_beyond_32_bits_is_refused_as_in_NumPy([Values(-1, 1L << 32)] long seed) =>
        Should.Throw<MiniTorchException>(() => new NumpyRandom(seed)).Message.ShouldContain("between 0 and 2^32 - 1");
}
