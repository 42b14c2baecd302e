namespace MiniTorch.Tests.Loops;

public class IntegerMathTests
{
    [TestCase(0, 3, 0)]
    [TestCase(1, 3, 1)]
    [TestCase(3, 3, 1)]
    [TestCase(4, 3, 2)]
    [TestCase(-1, 3, 0)]
    [TestCase(-3, 3, -1)]
    [TestCase(-4, 3, -1)]
    [TestCase(int.MaxValue, 2, 1 << 30)]
    [TestCase(int.MaxValue, int.MaxValue, 1)]
    public void CeilDiv_rounds_up_without_overflow(int a, int b, int expected)
    {
        IntegerMath.CeilDiv(a, b).ShouldBe(expected);
        IntegerMath.CeilDiv((long)a, b).ShouldBe(expected);
    }
}
