using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// The use of an index tensor along a dimension of x: one index for each element of the values (gather) or for each whole row (index_select).
/// </summary>
internal readonly record struct Indexing(int Dim, bool ByRow)
{
    /// <summary>Reads values = x[index].</summary>
    public void Read(Tensor x, Tensor index, Tensor values, string op) => Run(Access.Read, x, index, values, op);

    /// <summary>Writes x[index] = values.</summary>
    public void Write(Tensor x, Tensor index, Tensor values, string op) => Run(Access.Write, x, index, values, op);

    /// <summary>Writes x[index] += values; values at repeated indices are added in their order.</summary>
    public void Add(Tensor x, Tensor index, Tensor values, string op)
    {
        if (x.DType == DType.Bool) throw new DTypeException($"{op}: cannot add Bool tensors; To(DType.Int64) first");
        Run(Access.Add, x, index, values, op);
    }

    private void Run(Access access, Tensor x, Tensor index, Tensor values, string op)
    {
        bool done = true;
        IndexFault fault = default;
        KernelCall.Run(new Kernel(access, Layout(x, index, values), ref done, ref fault), x, index, values);
        if (!done) throw OutOfRange(op, fault, x.Shape);
    }

    private enum Access
    {
        Read,
        Write,
        Add,
    }

    private readonly unsafe ref struct Kernel(Access access, IndexedLayout layout, ref bool done, ref IndexFault fault) : IKernelCall
    {
        private readonly IndexedLayout _layout = layout;
        private readonly ref bool _done = ref done;
        private readonly ref IndexFault _fault = ref fault;

        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            T* x = (T*)data[0], values = (T*)data[2];
            long* index = (long*)data[1];
            _done = access switch
            {
                Access.Read => IndexKernels.Gather(x, index, values, _layout, out _fault),
                Access.Write => IndexKernels.Scatter(x, index, values, _layout, out _fault),
                _ => IndexKernels.ScatterAdd(x, index, values, _layout, out _fault),
            };
        }
    }

    private IndexedLayout Layout(Tensor x, Tensor index, Tensor values)
    {
        long[] xStrides = [.. x.Layout.Strides], indexStrides = index.Layout.Strides;
        xStrides[Dim] = 0;
        if (ByRow)
        {
            indexStrides = new long[x.Rank];
            indexStrides[Dim] = index.Layout.Strides[0];
        }
        return new IndexedLayout
        {
            Dims = ByRow ? values.Shape : index.Shape,
            XStrides = xStrides,
            IndexStrides = indexStrides,
            ValueStrides = values.Layout.Strides,
            Scale = x.Layout.Strides[Dim],
            Limit = x.Shape[Dim],
        };
    }

    private ValueException OutOfRange(string op, IndexFault fault, Shape x) =>
        new($"{op}: index {fault.Value} ({(fault.Position < 0 ? "written by another thread after the indices were checked; Clone() them first"
            : $"element {fault.Position} of the index tensor in row-major order")}) is out of range [0, {x[Dim]}) for dimension {Dim} of shape {x}");
}

/// <summary>
/// x[index] along a dimension (torch.gather; by row torch.index_select). Inputs: x, index. Errors show the name <paramref name="Caller"/> if it is
/// given.
/// </summary>
internal sealed record Gather(Indexing At, string? Caller = null) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => Caller ?? (At.ByRow ? "IndexSelect" : "Gather");

    protected internal override Reads Reads => Reads.Input1;

    protected override bool IsIndex(int input) => input == 1;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Shape shape = At.ByRow ? inputs[0].Shape.With(At.Dim, inputs[1].Shape[0]) : inputs[1].Shape;
        Tensor values = Tensor.Empty(shape, inputs[0].DType);
        At.Read(inputs[0], inputs[1], values, Name);
        return values;
    }

    internal override bool AddsToAccumulatedGrad => true;

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        Tensor sum = call.AccumulatedGrad(0) ?? Tensor.Zeros(call.InputShape(0), cotangent.DType);
        if (ElementwiseCall.MustRecord(cotangent)) return new ScatterAdd(At).Apply(sum, cotangent, call.Input(1));
        At.Add(sum, call.Input(1), cotangent, Name);
        return sum;
    }
}

/// <summary>x with values added at indices (torch.scatter_add; by row torch.index_add). Inputs: x, values, index.</summary>
internal sealed record ScatterAdd(Indexing At) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => At.ByRow ? "IndexAdd" : "ScatterAdd";

    protected internal override Reads Reads => Reads.Input2;

    protected override bool IsIndex(int input) => input == 2;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = Copies.Fresh(inputs[0]);
        At.Add(output, inputs[2], inputs[1], Name);
        return output;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        input == 0 ? cotangent : new Gather(At).Apply(cotangent, call.Input(2));
}

/// <summary>
/// x with values written at indices; the last of repeated indices wins (torch.scatter; by row torch.index_copy). Inputs: x, values, index.
/// </summary>
internal sealed record Scatter(Indexing At) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => At.ByRow ? "IndexCopy" : "Scatter";

    protected internal override Reads Reads => Reads.Input2;

    protected override bool IsIndex(int input) => input == 2;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = Copies.Fresh(inputs[0]);
        At.Write(output, inputs[2], inputs[1], Name);
        return output;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        input == 1 ? new Gather(At).Apply(cotangent, call.Input(2)).MaskedFill(Overwritten(call), 0)
        : Apply(cotangent, Tensor.Zeros(call.InputShape(1), cotangent.DType), call.Input(2));

    // Only the last value at a repeated index is in the result. Each writes its number; those that read back another number were overwritten.
    private Tensor Overwritten(OpContext call)
    {
        Shape values = call.InputShape(1);
        Tensor numbers = Tensor.Arange(values.ElementCount).Reshape(values);
        Tensor written = Apply(Tensor.Zeros(call.InputShape(0), DType.Int64), numbers, call.Input(2));
        return new Gather(At).Apply(written, call.Input(2)).Ne(numbers);
    }
}
