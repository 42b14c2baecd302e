namespace MiniTorch.Ops;

/// <summary>e^A = (e^(A / 2ˢ))^(2ˢ) (torch.linalg.matrix_exp), composed of products.</summary>
internal static class MatrixExponential
{
    // Up to this norm the Taylor polynomial of degree 18 is exact in float64 (Bader, Blanes and Casas 2019, table 2).
    private const double LargestNorm = 1.09;

    private const int Degree = 18, Block = 4;

    public static Tensor Of(Tensor a)
    {
        Tensor x = a.To(DType.Float64), norm = x.Detach().Abs().Sum(-2);
        norm = norm.Shape[^1] == 0 ? norm.Sum(-1) : norm.Amax(-1);
        // Each matrix has its own number of squarings: more of them would cost digits. Without a finite norm none help.
        Tensor squarings = (norm / LargestNorm).Log2().Ceil().Clamp(min: 0).NanToNum(0, 0).Unsqueeze(-1).Unsqueeze(-1);
        Tensor y = Taylor(x * (-squarings).Exp2());
        int most = squarings.ElementCount == 0 ? 0 : (int)(double)squarings.Max();
        Tensor eye = Tensor.Eye(a.Shape[^1], dtype: DType.Float64);
        for (int i = 0; i < most; i++)
        {
            Tensor isReady = squarings <= i, waiting = Tensor.Where(isReady, eye, y); // what is ready could overflow
            y = Tensor.Where(isReady, y, waiting.MatMul(waiting));
        }
        return y.To(a.DType);
    }

    // Σ xᵏ / k! as a polynomial in x⁴ whose coefficients are polynomials of degree 3 (Paterson and Stockmeyer 1973).
    private static Tensor Taylor(Tensor x)
    {
        Tensor square = x.MatMul(x), fourth = square.MatMul(square);
        Tensor[] powers = [Tensor.Eye(x.Shape[^1], dtype: x.DType), x, square, square.MatMul(x)];
        Tensor? sum = null;
        for (int first = Degree / Block * Block; first >= 0; first -= Block)
        {
            if (sum is not null) sum = sum.MatMul(fourth);
            for (int k = 0; k < Block && first + k <= Degree; k++)
            {
                Tensor term = powers[k] / MathNet.Numerics.SpecialFunctions.Factorial(first + k);
                sum = sum is null ? term : sum + term;
            }
        }
        return sum!;
    }
}
