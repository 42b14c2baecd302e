namespace MiniTorch.Optim;

/// <summary>Transforms the gradient before the update rule: negates it to maximise, and adds the weight decay (L2 penalty).</summary>
internal readonly struct GradientTransform(ParameterGroup group)
{
    private readonly double _sign = group.Is("maximize") ? -1 : 1, _decay = group["weight_decay"];

    public R Of<R>(R gradient, R parameter) where R : struct, IReal<R>
    {
        R signed = _sign < 0 ? -gradient : gradient;
        return _decay == 0 ? signed : R.Fma(_decay, parameter, signed);
    }
}
