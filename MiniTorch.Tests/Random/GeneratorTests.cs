using System.Buffers.Binary;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.RandomNumbers;

/// <summary>The generator beyond the rows of rng.json. Reference values were drawn with PyTorch 1.13.1.</summary>
public class GeneratorTests
{
    static float[] Uniform(Generator generator, int count)
    {
        var numbers = new float[count];
        generator.FillUniform(numbers.AsSpan());
        return numbers;
    }

    [Test]
    public void The_engine_gives_the_ten_thousandth_word_that_the_Cpp_standard_requires()
    {
        var engine = new MersenneTwister(5489);
        for (int i = 1; i < 10000; i++)
            engine.Next32();
        engine.Next32().ShouldBe(4123659995);
    }

    [Test]
    public void Long_draws_cross_the_engines_blocks_as_in_PyTorch()
    {
        var single = new float[2003];
        new Generator(42).FillNormal(single.AsSpan());
        new[] { single[623], single[1300], single[2002] }.ShouldBe([1.1792222f, -0.7609739f, 1.394188f]);

        var numbers = new double[2003];
        new Generator(42).FillNormal(numbers.AsSpan());
        new[] { numbers[311], numbers[1300], numbers[2002] }.ShouldBe([-1.5066610314377438, 0.5263294510598043, -1.8005053620578344], 1e-12);
    }

    [Test]
    public void A_pair_of_words_may_lie_in_two_blocks()
    {
        var generator = new Generator(42);
        Uniform(generator, 1).ShouldBe([0.88226926f]);
        var numbers = new double[2000];
        generator.FillUniform(numbers.AsSpan());
        new[] { numbers[311], numbers[312], numbers[1999] }.ShouldBe([0.7623715521577563, 0.5153627217523664, 0.3170572575119438]);
    }

    [Test]
    public void Pieces_of_any_length_make_the_same_uniforms_as_one_draw()
    {
        var whole = Uniform(new Generator(3), 3000);
        var generator = new Generator(3);
        var pieces = new List<float>();
        for (int length = 0; pieces.Count < whole.Length; length = (length + 7) % 50)
            pieces.AddRange(Uniform(generator, Math.Min(length, whole.Length - pieces.Count)));
        pieces.ShouldBe(whole);
    }

    [Test]
    public void Only_the_lowest_32_bits_of_a_seed_count()
    {
        Uniform(new Generator(-1), 2).ShouldBe([0.9937994f, 0.57130635f]);
        Uniform(new Generator((1L << 32) + 42), 2).ShouldBe([0.88226926f, 0.91500396f]);
        Uniform(new Generator(), 2).ShouldBe([0.26729524f, 0.8725283f]);
    }

    [Test]
    public void Bernoulli_masks_longer_than_a_chunk_equal_PyTorchs()
    {
        var generator = new Generator(42);
        var mask = new float[5000];
        generator.FillBernoulli(mask.AsSpan(), 0.3);
        mask.Sum().ShouldBe(1521);
        generator.FillBernoulli(mask.AsSpan(), 0.3);
        new[] { mask[4994], mask[4995], mask[4996], mask[4997], mask[4998], mask[4999] }.ShouldBe([1, 0, 1, 0, 1, 0]);

        var probabilities = new float[5000];
        Array.Fill(probabilities, 0.3f);
        var bytes = new byte[5000];
        new Generator(42).FillBernoulli<byte, float>(bytes, probabilities);
        bytes.Count(b => b == 1).ShouldBe(1527);
    }

    [Test]
    public void Each_element_has_its_own_probability()
    {
        double[] certainties = [.. Enumerable.Range(0, 600).Select(i => (double)(i / 5 % 2))];
        var mask = new double[600];
        new Generator(42).FillBernoulli<double, double>(mask, certainties);
        mask.ShouldBe(certainties);
    }

    [Test]
    public void Integers_of_ranges_up_to_the_full_64_bits_equal_PyTorchs()
    {
        var generator = new Generator(42);
        var numbers = new long[3];
        generator.FillRandInt(numbers, long.MinValue, long.MaxValue);
        numbers.ShouldBe([-2314326399425823309, 8314211556539077902, 4279532810384561223]);
        generator.FillRandInt(numbers, 0, uint.MaxValue);
        numbers.ShouldBe([2571218620, 2563451924, 670094950]);
        generator.FillRandInt(numbers, 0, 1L << 32);
        numbers.ShouldBe([669991378, 249467210, 3720198231]);
    }

    [Test]
    public void Multinomial_never_picks_a_zero_weight()
    {
        var generator = new Generator(42);
        float[] weights = [0, 1, 2, 3, 0];
        var picks = new long[8];
        generator.FillMultinomial<float>(picks, weights, replacement: true);
        picks.ShouldBe([1, 1, 1, 1, 3, 2, 3, 3]);
        generator.FillMultinomial<float>(picks.AsSpan(0, 3), weights);
        picks[..3].ShouldBe([2, 1, 3]);
    }

    [Test]
    public void A_truncated_normal_takes_its_mean_std_and_bounds()
    {
        var numbers = new float[4];
        new Generator(42).FillTruncatedNormal(numbers.AsSpan(), mean: 1, std: 0.5, low: 0, high: 1.2);
        float[] expected = [1.1021453f, 1.1288065f, 0.68596214f, 1.1654971f];
        numbers.Zip(expected, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-6f);
    }

    [Test]
    public void Empty_destinations_take_nothing_from_the_stream()
    {
        var generator = new Generator(42);
        generator.FillUniform(Span<float>.Empty);
        generator.FillNormal(Span<double>.Empty);
        generator.FillExponential(Span<float>.Empty);
        generator.FillRandPerm([]);
        generator.FillRandInt([], 0, 10);
        Uniform(generator, 1).ShouldBe([0.88226926f]);
    }

    [Test]
    public void ManualSeed_seeds_the_default_generator()
    {
        Generator generator = Generator.ManualSeed(42);
        generator.ShouldBeSameAs(Generator.Default);
        generator.Seed.ShouldBe(42);
        Uniform(generator, 2).ShouldBe([0.88226926f, 0.91500396f]);
    }

    [Test]
    public void A_restored_state_continues_the_stream_and_its_cached_normal([Values(0, 1, 623, 624, 1000)] int words, [Values] bool cached)
    {
        var generator = new Generator(7);
        Uniform(generator, words);
        if (cached)
            generator.FillNormal(new float[1].AsSpan());
        byte[] state = generator.GetState();
        float[] Continue(Generator from)
        {
            var normals = new float[3];
            from.FillNormal(normals.AsSpan());
            return [.. normals, .. Uniform(from, 700)];
        }
        float[] expected = Continue(generator);

        var other = new Generator(99);
        other.FillNormal(new float[1].AsSpan());
        other.SetState(state);
        other.Seed.ShouldBe(7);
        other.GetState().ShouldBe(state);
        Continue(other).ShouldBe(expected);
        generator.Reseed(7);
        Uniform(generator, 20).ShouldBe(Uniform(new Generator(7), 20));
    }

    [Test]
    public void Reseeding_forgets_the_cached_normal()
    {
        var generator = new Generator(1);
        generator.FillNormal(new float[1].AsSpan());
        generator.Reseed(42);
        generator.GetState().ShouldBe(new Generator(42).GetState());
    }

    [Test]
    public void A_damaged_state_is_refused_and_changes_nothing()
    {
        var generator = new Generator(42);
        byte[] good = generator.GetState();
        byte[] Damaged(Action<byte[]> damage)
        {
            byte[] state = [.. good];
            damage(state);
            return state;
        }
        byte[][] damaged =
        [
            [], good[..^1], [.. good, 0],
            Damaged(s => s[0]++), Damaged(s => s[5]++),
            Damaged(s => BinaryPrimitives.WriteInt64LittleEndian(s.AsSpan(14), -1)),
            Damaged(s => BinaryPrimitives.WriteInt64LittleEndian(s.AsSpan(14), 625)),
            Damaged(s => BinaryPrimitives.WriteDoubleLittleEndian(s.AsSpan(22), double.PositiveInfinity)),
            Damaged(s => s.AsSpan(30).Clear()),
        ];
        foreach (byte[] state in damaged)
        {
            Should.Throw<MiniTorchException>(() => generator.SetState(state)).Message.ShouldStartWith("Generator.SetState: ");
            generator.GetState().ShouldBe(good);
        }
    }

    [Test]
    public void Threads_may_share_a_generator()
    {
        var generator = new Generator(42);
        var drawn = new float[8][];
        Parallel.For(0, drawn.Length, i => drawn[i] = Uniform(generator, 1000));
        drawn.SelectMany(numbers => numbers).Order().ShouldBe(Uniform(new Generator(42), 8000).Order());
    }

    static IEnumerable<TestCaseData> Misuses()
    {
        static TestCaseData Misuse(string message, Action<Generator> call) => new TestCaseData(message, call).SetName($"Refused: {message}");
        yield return Misuse("from=2, to=1", g => g.FillUniform(new float[3].AsSpan(), 2, 1));
        yield return Misuse("from=NaN", g => g.FillUniform(new float[3].AsSpan(), double.NaN, 1));
        yield return Misuse("to=3E+38 for Single", g => g.FillUniform(new float[3].AsSpan(), -3e38, 3e38));
        yield return Misuse("to=1E+300 for Single", g => g.FillUniform(new float[3].AsSpan(), 0, 1e300));
        yield return Misuse("float or double, not Half", g => g.FillUniform(new Half[3].AsSpan()));
        yield return Misuse("std=-1", g => g.FillNormal(new float[3].AsSpan(), 0, -1));
        yield return Misuse("std=NaN", g => g.FillNormal(new double[30].AsSpan(), 0, double.NaN));
        yield return Misuse("std=0", g => g.FillTruncatedNormal(new float[3].AsSpan(), 0, 0));
        yield return Misuse("low=1, high=0", g => g.FillTruncatedNormal(new float[3].AsSpan(), 0, 1, 1, 0));
        yield return Misuse("lambda=0", g => g.FillExponential(new float[3].AsSpan(), 0));
        yield return Misuse("low=3, high=3", g => g.FillRandInt(new long[3], 3, 3));
        yield return Misuse("but got 1.5", g => g.FillBernoulli(new float[3].AsSpan(), 1.5));
        yield return Misuse("but got NaN", g => g.FillBernoulli<float, double>(new float[2], [0.5, double.NaN]));
        yield return Misuse("1 probabilities for 2 elements", g => g.FillBernoulli<float, double>(new float[2], [0.5]));
        yield return Misuse("weight 1 is -1", g => g.FillMultinomial<double>(new long[1], [1, -1]));
        yield return Misuse("weight 0 is Infinity", g => g.FillMultinomial<double>(new long[1], [double.PositiveInfinity]));
        yield return Misuse("0 of 2 are", g => g.FillMultinomial<double>(new long[1], [0, 0], replacement: true));
        yield return Misuse("1 of 2 are", g => g.FillMultinomial<double>(new long[2], [1, 0]));
    }

    [TestCaseSource(nameof(Misuses))]
    public void A_misuse_is_refused_before_anything_is_drawn(string message, Action<Generator> call)
    {
        var generator = new Generator(42);
        byte[] before = generator.GetState();
        Should.Throw<MiniTorchException>(() => call(generator)).Message.ShouldContain(message);
        generator.GetState().ShouldBe(before);
    }
}
