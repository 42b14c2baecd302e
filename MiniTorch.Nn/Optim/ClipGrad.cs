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
    /// <returns>The total norm before scaling, a scalar; 0 if there are no gradients.</returns>
    /// <exception cref="ValueException"><paramref name="maxNorm"/> is negative, or <paramref name="normType"/> is not positive.</exception>
    public static Tensor Norm(IEnumerable<Tensor> parameters, double maxNorm, double normType = 2)
    {
        if (!(maxNorm >= 0)) throw new ValueException(FormattableString.Invariant($"ClipGrad.Norm: maxNorm is {maxNorm} and must be 0 or more"));
        if (!(normType > 0)) throw new ValueException(FormattableString.Invariant($"ClipGrad.Norm: normType is {normType} and must be positive"));
        using ModeScope mode = Autograd.NoGrad();
        HeldGrad[] held = Held(parameters);
        Tensor[] gradients = [.. held.Select(grad => grad.Tensor).OfType<Tensor>()];
        if (gradients.Length == 0) return Tensor.Zeros([]);
        Tensor total = NormOf(Tensor.Stack([.. gradients.Select(gradient => NormOf(gradient, normType))]), normType);
        double scale = maxNorm / (total.Item<double>() + Guard);
        if (!(scale >= 1))
            foreach (Tensor gradient in gradients) gradient.MulInPlace(scale);
        foreach (HeldGrad gradient in held) gradient.Dispose();
        return total;
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
        ElementwiseCall.RunInto(new UnaryForward<Hardtanh>(new Hardtanh(-clipValue, clipValue)), gradient, gradient);
        gradient.Storage.Wrote("ClipGrad.Value");
    }

    private static HeldGrad[] Held(IEnumerable<Tensor> parameters)
    {
        Tensor[] all = [.. parameters];
        if (all.Contains(null)) throw new ArgumentNullException(nameof(parameters), "ClipGrad: a parameter is null");
        return [.. all.Select(parameter => parameter.HoldGrad())];
    }

    private static Tensor NormOf(Tensor x, double order) => x.ElementCount == 0 ? Tensor.Zeros([], x.DType) : x.Norm(order);
}
