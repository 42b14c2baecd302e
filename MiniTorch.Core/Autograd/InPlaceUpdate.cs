using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>Runs an optimizer's update rule on the memory of tensors, without recording.</summary>
internal static unsafe class InPlaceUpdate
{
    /// <summary>Updates a parameter and its states in one pass. The states are row-major and have the parameter's shape and dtype.</summary>
    public static void Run<F>(F rule, Tensor parameter, Tensor gradient, params ReadOnlySpan<Tensor> states)
        where F : struct, IUpdateRule
    {
        Check(parameter, gradient);
        foreach (Tensor state in states) Check(parameter, state);
        Ops.FuseTrace.Flush();
        Tensor target = Ops.Copies.RowMajor(parameter), source = Ops.Copies.RowMajor(gradient);
        Tensor? s0 = states.Length > 0 ? states[0] : null, s1 = states.Length > 1 ? states[1] : null, s2 = states.Length > 2 ? states[2] : null;
        fixed (byte* p = &target.Data, g = &source.Data, a = &Ops.KernelCall.DataOf(s0), b = &Ops.KernelCall.DataOf(s1), c = &Ops.KernelCall.DataOf(s2))
        {
            if (parameter.DType == DType.Float32) UpdateKernel.Run(rule, (float*)p, (float*)g, (float*)a, (float*)b, (float*)c, parameter.ElementCount);
            else UpdateKernel.Run(rule, (double*)p, (double*)g, (double*)a, (double*)b, (double*)c, parameter.ElementCount);
        }
        if (!ReferenceEquals(target.Storage, parameter.Storage)) Ops.Copies.Into(parameter, target);
        parameter.Storage.Wrote("an optimiser's Step");
        GC.KeepAlive(target);
        GC.KeepAlive(source);
        GC.KeepAlive(s0);
        GC.KeepAlive(s1);
        GC.KeepAlive(s2);
    }

    // The kernel reads every tensor with the parameter's element count and dtype.
    private static void Check(Tensor parameter, Tensor other)
    {
        if (other.DType != parameter.DType || other.Shape != parameter.Shape)
            throw new DTypeException($"an optimiser's Step: the parameter is {parameter.DType}, shape {parameter.Shape}, "
                + $"and its gradient or a tensor of its state is {other.DType}, shape {other.Shape}; convert it with To");
    }
}
