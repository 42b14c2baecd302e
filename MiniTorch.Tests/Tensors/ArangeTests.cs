namespace MiniTorch.Tests.Tensors;

public class ArangeTests
{
    [TestCase(1L << 53, (1L << 53) + 3, 1, 3)]
    [TestCase(long.MaxValue - 3, long.MaxValue, 1, 3)]
    [TestCase(long.MaxValue, long.MaxValue - 5, -2, 3)]
    [TestCase(long.MinValue, long.MinValue + 7, 3, 3)]
    [TestCase(long.MinValue, long.MaxValue, long.MaxValue, 3)]
    [TestCase(5, 5, 1, 0)]
    [TestCase(0, -7, -2, 4)]
    public void Arange_of_integers_counts_exactly(long start, long end, long step, int count)
    {
        long[] numbers = Tensor.Arange(start, end, step).ToArray<long>();
        numbers.ShouldBe([.. Enumerable.Range(0, count).Select(i => (long)((Int128)start + ((Int128)i * step)))]);
    }

    [Test]
    public void Arange_that_leads_away_or_is_too_long_is_an_error()
    {
        Should.Throw<ValueException>(() => Tensor.Arange(1, 0, 2)).Message.ShouldBe("Arange: the range from 1 to 0 in steps of 2 is not finite");
        Should.Throw<ShapeException>(() => Tensor.Arange(long.MinValue, long.MaxValue));
    }
}
