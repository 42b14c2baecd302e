using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>The three tensors of a convolution.</summary>
internal enum ConvolutionRole
{
    /// <summary>The input.</summary>
    Input,

    /// <summary>The filters.</summary>
    Weight,

    /// <summary>The result.</summary>
    Output,
}

/// <summary>
/// Σ output · (input ⋆ weight) is linear in each of its three tensors. This op is its derivative with respect to one of them, given the two others in
/// the order of their roles: for the output it is the convolution, for the input the transposed convolution. All three are derivatives of each other.
/// </summary>
internal sealed record Convolution(ConvolutionShape Sizes, ConvolutionRole Result) : MultilinearOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => Result switch
    {
        ConvolutionRole.Output => "Convolution",
        ConvolutionRole.Input => "TransposedConvolution",
        _ => "ConvolutionWeight",
    };

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]));
        Tensor result = Tensor.Empty(ShapeOf(Result), a.DType);
        KernelCall.Run(new Kernel(Sizes, Result), a, b, result, inputs.Length > 2 ? Copies.RowMajor(inputs[2]) : null);
        return result;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        ConvolutionRole wanted = RoleOf(input), other = RoleOf(1 - input);
        Tensor given = call.Input(1 - input);
        Convolution by = this with { Result = wanted };
        return other < Result ? by.Apply(given, cotangent) : by.Apply(cotangent, given);
    }

    private ConvolutionRole RoleOf(int input) => (ConvolutionRole)(input < (int)Result ? input : input + 1);

    private Shape ShapeOf(ConvolutionRole role)
    {
        (ConvolutionAxis y, ConvolutionAxis x) = (Sizes.Y, Sizes.X);
        long[] sizes = role switch
        {
            ConvolutionRole.Input => [Sizes.Batch, Sizes.Groups * Sizes.Channels, y.Input, x.Input],
            ConvolutionRole.Weight => [Sizes.Groups * Sizes.Filters, Sizes.Channels, y.Kernel, x.Kernel],
            _ => [Sizes.Batch, Sizes.Groups * Sizes.Filters, y.Output, x.Output],
        };
        return Shape.Create([.. sizes.Select(size => Shape.Size(size, Name))]);
    }

    private readonly unsafe struct Kernel(ConvolutionShape sizes, ConvolutionRole result) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            T* a = (T*)data[0], b = (T*)data[1], c = (T*)data[2];
            switch (result)
            {
                case ConvolutionRole.Output: Kernels.ConvolutionKernel.Forward(sizes, a, b, (T*)data[3], c); break;
                case ConvolutionRole.Input: Kernels.ConvolutionKernel.GradInput(sizes, b, a, c); break;
                default: Kernels.ConvolutionKernel.GradWeight(sizes, a, b, c); break;
            }
        }
    }
}

/// <summary>A convolution that starts from the bias of each filter instead of 0. Inputs: x, weight, bias.</summary>
internal sealed record BiasedConvolution(ConvolutionShape Sizes) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Input1;

    private Convolution Plain => new(Sizes, ConvolutionRole.Output);

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Plain.Apply(inputs[0], inputs[1]) + inputs[2].Reshape(-1, 1, 1);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Plain.Compute(inputs);

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => KernelVjp(call, cotangent, gradients);

    // Made of convolutions and a sum: it serves higher derivatives as well.
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        if (call.Needs(0)) gradients[0] = (Plain with { Result = ConvolutionRole.Input }).Apply(call.Input(1), cotangent);
        if (call.Needs(1)) gradients[1] = (Plain with { Result = ConvolutionRole.Weight }).Apply(call.Input(0), cotangent);
        if (call.Needs(2)) gradients[2] = cotangent.Sum([0, 2, 3]);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        Tensor? convolved = Sum(tangents[0] is { } x ? Plain.Apply(x, call.Input(1)) : null, tangents[1] is { } w ? Plain.Apply(call.Input(0), w)
            : null);
        return Sum(convolved, tangents[2]?.Reshape(-1, 1, 1).ExpandTo(call.OutputShape));
    }
}
