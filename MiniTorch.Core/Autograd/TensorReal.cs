using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Evaluates element-wise rules on tensors: every operation is recorded, so that the rule can be differentiated. Constants remain numbers.
/// </summary>
internal readonly struct TensorReal : IReal<TensorReal>
{
    private readonly Tensor? _tensor;
    private readonly double _constant;

    private TensorReal(Tensor? tensor, double constant = 0)
    {
        _tensor = tensor;
        _constant = constant;
    }

    private Tensor Tensor => _tensor ?? Tensor.FromScalar(_constant);

    public static TensorReal Of(Tensor? tensor) => new(tensor);

    public static TensorReal Of(double value) => new(null, value);

    public static implicit operator TensorReal(double value) => Of(value);

    public static implicit operator TensorReal(Constant value) => Of(value.Value);

    /// <summary>Returns the value as a tensor of the shape and dtype of <paramref name="like"/>.</summary>
    public Tensor ToTensor(Tensor like) => _tensor ?? Tensor.Full([], _constant, like.DType).ExpandTo(like.Shape);

    public static TensorReal operator +(TensorReal a, TensorReal b) =>
        a._tensor is null ? b._tensor is null ? Of(a._constant + b._constant) : new(b._tensor + a._constant)
        : new(b._tensor is null ? a._tensor + b._constant : a._tensor + b._tensor);

    public static TensorReal operator -(TensorReal a, TensorReal b) =>
        a._tensor is null ? b._tensor is null ? Of(a._constant - b._constant) : new(a._constant - b._tensor)
        : new(b._tensor is null ? a._tensor - b._constant : a._tensor - b._tensor);

    public static TensorReal operator *(TensorReal a, TensorReal b) =>
        a._tensor is null ? b._tensor is null ? Of(a._constant * b._constant) : new(b._tensor * a._constant)
        : new(b._tensor is null ? a._tensor * b._constant : a._tensor * b._tensor);

    public static TensorReal operator /(TensorReal a, TensorReal b) =>
        a._tensor is null ? b._tensor is null ? Of(a._constant / b._constant) : new(a._constant / b._tensor)
        : new(b._tensor is null ? a._tensor / b._constant : a._tensor / b._tensor);

    public static TensorReal operator -(TensorReal a) => a._tensor is { } x ? new(-x) : Of(-a._constant);

    public static TensorReal Fma(TensorReal a, TensorReal b, TensorReal c) => (a * b) + c;

    public static TensorReal Less(TensorReal a, TensorReal b) => new(a.Tensor < b.Tensor);

    public static TensorReal LessOrEqual(TensorReal a, TensorReal b) => new(a.Tensor <= b.Tensor);

    public static TensorReal Equal(TensorReal a, TensorReal b) => new(a.Tensor.Eq(b.Tensor));

    public static TensorReal And(TensorReal a, TensorReal b) => new(a.Tensor.LogicalAnd(b.Tensor));

    public static TensorReal Or(TensorReal a, TensorReal b) => new(a.Tensor.LogicalOr(b.Tensor));

    public static TensorReal Not(TensorReal a) => new(a.Tensor.LogicalNot());

    public static TensorReal Where(TensorReal mask, TensorReal a, TensorReal b) => new(Tensor.Where(mask.Tensor, a.Tensor, b.Tensor));

    public static TensorReal Max(TensorReal a, TensorReal b) => new(a.Tensor.Maximum(b.Tensor));

    public static TensorReal Min(TensorReal a, TensorReal b) => new(a.Tensor.Minimum(b.Tensor));

    public static TensorReal Fmod(TensorReal a, TensorReal b) => new(new BinaryOp<Fmod>(default).Apply(a.Tensor, b.Tensor));

    public static TensorReal Pow(TensorReal a, TensorReal b) => b._tensor is null ? new(a.Tensor.Pow(b._constant)) : new(a.Tensor.Pow(b.Tensor));

    public static TensorReal Abs(TensorReal a) => Unary<Abs>(a);

    public static TensorReal Sqrt(TensorReal a) => Unary<Sqrt>(a);

    public static TensorReal Floor(TensorReal a) => Unary<Floor>(a);

    public static TensorReal Ceiling(TensorReal a) => Unary<Ceiling>(a);

    public static TensorReal Round(TensorReal a) => Unary<Round>(a);

    public static TensorReal Truncate(TensorReal a) => Unary<Truncate>(a);

    public static TensorReal Exp(TensorReal a) => Unary<Exp>(a);

    public static TensorReal Exp2(TensorReal a) => Unary<Exp2>(a);

    public static TensorReal Expm1(TensorReal a) => Unary<Expm1>(a);

    public static TensorReal Log(TensorReal a) => Unary<Log>(a);

    public static TensorReal Log1p(TensorReal a) => Unary<Log1p>(a);

    public static TensorReal Sin(TensorReal a) => Unary<Sin>(a);

    public static TensorReal Cos(TensorReal a) => Unary<Cos>(a);

    public static TensorReal Tan(TensorReal a) => Unary<Tan>(a);

    public static TensorReal Atan(TensorReal a) => Unary<Atan>(a);

    public static TensorReal Tanh(TensorReal a) => Unary<Tanh>(a);

    public static TensorReal Sigmoid(TensorReal a) => Unary<Sigmoid>(a);

    public static TensorReal Erf(TensorReal a) => Unary<Erf>(a);

    public static TensorReal Erfc(TensorReal a) => Unary<Erfc>(a);

    public static TensorReal Erfinv(TensorReal a) => Unary<Erfinv>(a);

    public static TensorReal Lgamma(TensorReal a) => Unary<Lgamma>(a);

    public static TensorReal Polygamma(int order, TensorReal a) => new(new UnaryOp<Polygamma>(new Polygamma(order)).Apply(a.Tensor));

    private static TensorReal Unary<TKernel>(TensorReal a) where TKernel : struct, IUnaryFunction =>
        new(new UnaryOp<TKernel>(default).Apply(a.Tensor));
}
