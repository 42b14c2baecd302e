using System.Runtime.CompilerServices;

namespace MiniTorch.Optim;

/// <summary>
/// Transforms the gradient before the update rule: negates it to maximise, and adds the weight decay (L2 penalty) unless that is decoupled.
/// </summary>
internal readonly struct GradientTransform(ParameterGroup group, bool addsDecay = true)
{
    private readonly bool _climbs = group.Is("maximize"), _decays = addsDecay && group["weight_decay"] != 0;
    private readonly Constant _decay = addsDecay ? group["weight_decay"] : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Of<R>(R gradient, R parameter) where R : struct, IReal<R>
    {
        R signed = _climbs ? -gradient : gradient;
        return _decays ? R.Fma(_decay, parameter, signed) : signed;
    }
}
