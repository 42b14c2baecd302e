namespace MiniTorch.Optim;

/// <summary>The gradient that a rule sees: turned round to maximise, and with weight decay added (an L2 penalty).</summary>
internal readonly struct GradientTransform(ParameterGroup group)
{
    private readonly double _sign = group.Is("maximize") ? -1 : 1, _decay = group["weight_decay"];

    public R Of<R>(R gradient, R parameter) where R : struct, IReal<R>
    {
        R signed = _sign < 0 ? -gradient : gradient;
        return _decay == 0 ? signed : R.Fma(_decay, parameter, signed);
    }
}
