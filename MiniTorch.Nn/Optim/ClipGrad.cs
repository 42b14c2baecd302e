using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Optim;

/// <summary>Limits gradients in place, between the backward pass and the optimiser's step (torch.nn.utils.clip_grad).</summary>
public static class ClipGrad
{
    // PyTorch adds this to the norm to avoid a division by zero.
    private const double Guard = 1e-6;

    /// <summary>
    /// Scales all gradients by the same factor so that their total norm is at most <paramref name="maxNorm"/> (torch.nn.utils.clip_grad_norm_).
    /// </summary>
    /// <example><code>
    /// loss.Backward();
    /// ClipGrad.Norm(model.Parameters(), maxNorm: 1);
    /// optimizer.Step();
    /// </code></example>
    /// <param name="parameters">The parameters; those without a gradient are skipped.</param>
    /// <param name="maxNorm">The largest allowed norm.</param>
    /// <param name="normType">The p of the p-norm over all elements; infinity for the largest magnitude.</param>
    /// <param name="errorIfNotFinite">
    /// Throws if the total norm is NaN or infinite, and leaves the gradients as they are; otherwise such a norm makes them NaN or 0.
    /// </param>
    /// <returns>The total norm before scaling, a scalar; 0 if there are no gradients.</returns>
    /// <exception cref="ValueException">
    /// <paramref name="maxNorm"/> is negative, <paramref name="normType"/> is not positive, or the norm is not finite and
    /// <paramref name="errorIfNotFinite"/> is true.
    /// </exception>
    public static Tensor Norm(IEnumerable<Tensor> parameters, double maxNorm, double normType = 2, bool errorIfNotFinite = false)
    {
        if (!(maxNorm >= 0)) throw new ValueException(FormattableString.Invariant($"ClipGrad.Norm: maxNorm is {maxNorm} and must be 0 or more"));
        if (!(normType > 0)) throw new ValueException(FormattableString.Invariant($"ClipGrad.Norm: normType is {normType} and must be positive"));
        using ModeScope mode = Autograd.NoGrad();
        HeldGrad[] held = Held(parameters);
        try
        {
            return Norm(held, maxNorm, normType, errorIfNotFinite);
        }
        finally
        {
            foreach (HeldGrad gradient in held) gradient.Dispose();
        }
    }

    /// <summary>Clamps every element of every gradient to ±<paramref name="clipValue"/> (torch.nn.utils.clip_grad_value_).</summary>
    /// <exception cref="ValueException"><paramref name="clipValue"/> is negative.</exception>
    public static void Value(IEnumerable<Tensor> parameters, double clipValue)
    {
        if (!(clipValue >= 0))
            throw new ValueException(FormattableString.Invariant($"ClipGrad.Value: clipValue is {clipValue} and must be 0 or more"));
        using ModeScope mode = Autograd.NoGrad();
        foreach (HeldGrad held in Held(parameters))
            using (held)
                if (held.Tensor is { } gradient) Clamp(gradient, clipValue);
    }

    private static void Clamp(Tensor gradient, double clipValue)
    {
        FuseTrace.Flush();
        ElementwiseCall.RunInto(new UnaryForward<Ops.Clamp>(new Ops.Clamp(-clipValue, clipValue)), gradient, gradient);
        gradient.Storage.Wrote("ClipGrad.Value");
    }

    private static Tensor Norm(HeldGrad[] held, double maxNorm, double normType, bool errorIfNotFinite)
    {
        Tensor[] gradients = [.. held.Select(grad => grad.Tensor).OfType<Tensor>()];
        if (gradients.Length == 0) return Tensor.Zeros([]);
        Tensor total = NormOf(Tensor.Stack([.. gradients.Select(gradient => NormOf(gradient, normType))]), normType);
        if (errorIfNotFinite && !double.IsFinite(total.Item<double>())) throw NotFinite(held, total.Item<double>(), normType);
        double scale = maxNorm / (total.Item<double>() + Guard);
        if (!(scale >= 1))
            foreach (Tensor gradient in gradients) gradient.MulInPlace(scale);
        return total;
    }

    // Names the first gradient with an element that is not finite; without one, the norm itself overflows.
    private static ValueException NotFinite(HeldGrad[] held, double total, double normType)
    {
        string cause = "no element is NaN or infinite, so the norm overflows; use Float64";
        for (int i = 0; i < held.Length; i++)
            if (held[i].Tensor is { } gradient && Array.FindIndex(gradient.ToArray<double>(), value => !double.IsFinite(value)) is >= 0 and var at)
            {
                cause = $"element {at} (row-major) of the gradient of parameter {i}, shape {gradient.Shape}, is the first cause";
                break;
            }
        return new(FormattableString.Invariant($"ClipGrad.Norm: the total norm of order {normType} is {total}: {cause}. ")
            + "The gradients are unchanged; pass errorIfNotFinite: false to scale them nevertheless, or skip the step");
    }

    private static HeldGrad[] Held(IEnumerable<Tensor> parameters)
    {
        Tensor[] all = [.. parameters];
        if (all.Contains(null)) throw new ArgumentNullException(nameof(parameters), "ClipGrad: a parameter is null");
        return [.. all.Select(parameter => parameter.HoldGrad())];
    }

    private static Tensor NormOf(Tensor x, double order) => x.ElementCount == 0 ? Tensor.Zeros([], x.DType) : x.Norm(order);
}
