using static System.Double;

namespace MiniTorch.Tests.Operations;

/// <summary>
/// Element-wise operations at NaN, infinities, signed zeros, tiny and huge numbers, against the C library (System.Math calls it), IEEE 754
/// and PyTorch's values, in both types, any layout and lengths around the widths of vectors.
/// </summary>
[TestFixture]
public sealed class SpecialValueTests
{
    const double Inf = PositiveInfinity;

    static readonly double[] Common =
    [
        0, -0.0, 1, -1, Inf, -Inf, NaN, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, -3, 2, -2, 7.25, 0.1, -0.1, 20.5, 100, -100,
        8388609, -8388609, 1e-20, -1e-20, 1e20, -1e20,
    ];

    static readonly (DType DType, double[] Values)[] Types =
    [
        (DType.Float32, [.. Common, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue]),
        (DType.Float64, [.. Common, Epsilon, -Epsilon, MaxValue, MinValue, 1e-200, -1e-200, 1e200, -1e200, 4503599627370497]),
    ];

    static readonly (string Name, Func<Tensor, Tensor> F, Func<double, double> Reference)[] Unary =
    [
        ("Exp", x => x.Exp(), Math.Exp),
        ("Exp2", x => x.Exp2(), Exp2),
        ("Expm1", x => x.Expm1(), x => x < -50 ? -1 : 2 * Math.Sinh(x / 2) * Math.Exp(x / 2)),
        ("Log", x => x.Log(), Math.Log),
        ("Log1p", x => x.Log1p(), x => 1 + x is var u && (u == 1 || IsPositiveInfinity(x)) ? x : Math.Log(u) * (x / (u - 1))),
        ("Log2", x => x.Log2(), Math.Log2),
        ("Log10", x => x.Log10(), Math.Log10),
        ("Sqrt", x => x.Sqrt(), Math.Sqrt),
        ("Rsqrt", x => x.Rsqrt(), x => 1 / Math.Sqrt(x)),
        ("Square", x => x.Square(), x => x * x),
        ("Reciprocal", x => x.Reciprocal(), x => 1 / x),
        ("Sin", x => x.Sin(), Math.Sin),
        ("Cos", x => x.Cos(), Math.Cos),
        ("Tan", x => x.Tan(), Math.Tan),
        ("Asin", x => x.Asin(), Math.Asin),
        ("Acos", x => x.Acos(), Math.Acos),
        ("Atan", x => x.Atan(), Math.Atan),
        ("Sinh", x => x.Sinh(), Math.Sinh),
        ("Cosh", x => x.Cosh(), Math.Cosh),
        ("Tanh", x => x.Tanh(), Math.Tanh),
        ("Asinh", x => x.Asinh(), Math.Asinh),
        ("Acosh", x => x.Acosh(), Math.Acosh),
        ("Atanh", x => x.Atanh(), Math.Atanh),
        ("Sigmoid", x => x.Sigmoid(), x => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x))),
        ("Abs", x => x.Abs(), Math.Abs),
        ("Negate", x => -x, x => -x),
        ("Sign", x => x.Sign(), x => IsNaN(x) ? 0 : Math.Sign(x)),
        ("Floor", x => x.Floor(), Math.Floor),
        ("Ceil", x => x.Ceil(), Math.Ceiling),
        ("Round", x => x.Round(), Math.Round),
        ("Trunc", x => x.Trunc(), Math.Truncate),
        ("Frac", x => x.Frac(), x => x - Math.Truncate(x)),
        ("Relu", x => x.Relu(), x => Math.Max(x, 0)),
        ("Clamp", x => x.Clamp(-1.5, 2.5), x => Math.Min(Math.Max(x, -1.5), 2.5)),
        ("Pow(3)", x => x.Pow(3), x => Math.Pow(x, 3)),
        ("Pow(0)", x => x.Pow(0), x => Math.Pow(x, 0)),
        ("Pow(0.5)", x => x.Pow(0.5), x => Math.Pow(x, 0.5)),
        ("Pow(−0.5)", x => x.Pow(-0.5), x => Math.Pow(x, -0.5)),
        ("Pow(1)", x => x.Pow(1), x => x),
        ("Pow(1.5)", x => x.Pow(1.5), x => Math.Pow(x, 1.5)),
        ("Pow(2.5)", x => x.Pow(2.5), x => Math.Pow(x, 2.5)),
        ("Pow(4)", x => x.Pow(4), x => Math.Pow(x, 4)),
        ("Pow(−1)", x => x.Pow(-1), x => 1 / x),
        ("Pow(−1.5)", x => x.Pow(-1.5), x => Math.Pow(x, -1.5)),
        ("Pow(−2)", x => x.Pow(-2), x => Math.Pow(x, -2)),
        ("Pow(0.75)", x => x.Pow(0.75), x => Math.Pow(x, 0.75)),
        ("IsNaN", x => x.IsNaN().To(x.DType), x => IsNaN(x) ? 1 : 0),
        ("IsInf", x => x.IsInf().To(x.DType), x => IsInfinity(x) ? 1 : 0),
        ("IsFinite", x => x.IsFinite().To(x.DType), x => IsFinite(x) ? 1 : 0),
    ];

    static readonly (string Name, Func<Tensor, Tensor, Tensor> F, Func<double, double, double> Reference)[] Binary =
    [
        ("Add", (a, b) => a + b, (a, b) => a + b),
        ("Subtract", (a, b) => a - b, (a, b) => a - b),
        ("Multiply", (a, b) => a * b, (a, b) => a * b),
        ("Divide", (a, b) => a / b, (a, b) => a / b),
        ("Pow", (a, b) => a.Pow(b), Math.Pow),
        ("Fmod", (a, b) => a.Fmod(b), (a, b) => a % b),
        ("Remainder", (a, b) => a.Remainder(b), (a, b) => a % b is var r && (r < 0 && b > 0 || r > 0 && b < 0) ? r + b : r),
        ("FloorDivide", (a, b) => a.FloorDivide(b), FloorDivide),
        ("Atan2", (a, b) => a.Atan2(b), Math.Atan2),
        ("Hypot", (a, b) => a.Hypot(b), Hypot),
        ("Maximum", (a, b) => a.Maximum(b), Math.Max),
        ("Minimum", (a, b) => a.Minimum(b), Math.Min),
        ("Xlogy", (a, b) => a.Xlogy(b), (a, b) => a == 0 && !IsNaN(b) ? 0 : a * Math.Log(b)),
    ];

    // Functions that the C library lacks: argument and value.
    static readonly (string Name, Func<Tensor, Tensor> F, double[] X, double[] Values)[] Poles =
    [
        ("Erf", x => x.Erf(), [0, -0.0, Inf, -Inf, NaN, 1e-20], [0, -0.0, 1, -1, NaN, 1.1283791670955126e-20]),
        ("Erfc", x => x.Erfc(), [0, -0.0, Inf, -Inf, NaN, 100, -100], [1, 1, 0, 2, NaN, 0, 2]),
        ("Ndtr", x => x.Ndtr(), [0, -0.0, Inf, -Inf, NaN, 100, -100], [0.5, 0.5, 1, 0, NaN, 1, 0]),
        ("Erfinv", x => x.Erfinv(), [0, -0.0, 1, -1, 1.5, Inf, NaN], [0, -0.0, Inf, -Inf, NaN, NaN, NaN]),
        ("Lgamma", x => x.Lgamma(), [0, -0.0, 1, 2, -1, -8388609, Inf, -Inf, NaN, 1e-20],
            [Inf, Inf, 0, 0, Inf, Inf, Inf, Inf, NaN, 46.051701859880914]),
        ("Digamma", x => x.Digamma(), [0, -0.0, -1, -2, Inf, -Inf, NaN], [-Inf, Inf, NaN, NaN, Inf, NaN, NaN]),
        ("Polygamma(1)", x => x.Polygamma(1), [0, -0.0, -1, -2, Inf, -Inf, NaN, 1e20], [Inf, Inf, Inf, Inf, 0, NaN, NaN, 1e-20]),
        ("Logit", x => x.Logit(), [0, -0.0, 1, 0.5, 2, -1, Inf, -Inf, NaN], [-Inf, -Inf, Inf, 0, NaN, NaN, NaN, NaN, NaN]),
    ];

    static readonly double[] ActivationPoints = [NaN, Inf, -Inf, 0, -0.0, 1e-20, -1e-20, 1e20, -1e20, 100, -100, 3, -3, 6];

    // Values and derivatives that PyTorch 1.13.1 gives in vectors (the last elements of an array may differ there), but: max(−0, 0) is 0, as IEEE 754
    // has it; elu, celu and selu keep −0 and −1e-20, as their formula has it; and softshrink keeps NaN.
    static readonly (string Name, Func<Tensor, Tensor> F, double[] Values, double[] Derivatives)[] Activations =
    [
        ("Sigmoid", x => x.Sigmoid(),
            [NaN, 1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 3.7200759760208356e-44, 0.9525741268224334, 0.04742587317756678, 0.9975273768433653],
            [NaN, 0, 0, 0.25, 0.25, 0.25, 0.25, 0, 0, 0, 3.7200759760208356e-44, 0.045176659730912, 0.04517665973091214, 0.002466509291359931]),
        ("LogSigmoid", x => x.LogSigmoid(),
            [NaN, 0, -Inf, -0.6931471805599453, -0.6931471805599453, -0.6931471805599453, -0.6931471805599453, 0, -1e+20, -3.720075976020836e-44,
                -100, -0.04858735157374206, -3.048587351573742, -0.0024756851377304495],
            [NaN, 0, 1, 0.5, 0.5, 0.5, 0.5, 0, 1, 3.720075976020836e-44, 1, 0.04742587317756679, 0.9525741268224333, 0.0024726231566347748]),
        ("Relu", x => x.Relu(),
            [NaN, Inf, 0, 0, 0, 1e-20, 0, 1e+20, 0, 100, 0, 3, 0, 6],
            [1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]),
        ("Relu6", x => x.Relu6(),
            [NaN, 6, 0, 0, 0, 1e-20, 0, 6, 0, 6, 0, 3, 0, 6],
            [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("Hardtanh", x => x.Hardtanh(),
            [NaN, 1, -1, 0, -0.0, 1e-20, -1e-20, 1, -1, 1, -1, 1, -1, 1],
            [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]),
        ("LeakyRelu", x => x.LeakyRelu(),
            [NaN, Inf, -Inf, 0, -0.0, 1e-20, -9.999999999999999e-23, 1e+20, -1e+18, 100, -1, 3, -0.03, 6],
            [0.01, 1, 0.01, 0.01, 0.01, 1, 0.01, 1, 0.01, 1, 0.01, 1, 0.01, 1]),
        ("Elu", x => x.Elu(),
            [NaN, Inf, -1, 0, -0.0, 1e-20, -1e-20, 1e+20, -1, 100, -1, 3, -0.950212931632136, 6],
            [NaN, 1, 0, 1, 1, 1, 1, 1, 0, 1, 3.720075976020836e-44, 1, 0.049787068367863944, 1]),
        ("Celu", x => x.Celu(),
            [NaN, Inf, -1, 0, -0.0, 1e-20, -1e-20, 1e+20, -1, 100, -1, 3, -0.950212931632136, 6],
            [NaN, 1, 0, 1, 1, 1, 1, 1, 0, 1, 3.720075976020836e-44, 1, 0.049787068367863944, 1]),
        ("Selu", x => x.Selu(),
            [NaN, Inf, -1.7580993408473766, 0, -0.0, 1.0507009873554804e-20, -1.7580993408473766e-20, 1.0507009873554804e+20, -1.7580993408473766,
                105.07009873554804, -1.7580993408473766, 3.1521029620664414, -1.6705687287671118, 6.304205924132883],
            [NaN, 1.0507009873554805, 0, 1.7580993408473766, 1.7580993408473766, 1.0507009873554805, 1.7580993408473766, 1.0507009873554805, 0,
                1.0507009873554805, 6.540263121344393e-44, 1.0507009873554805, 0.08753061208026487, 1.0507009873554805]),
        ("Gelu", x => x.Gelu(),
            [NaN, Inf, NaN, 0, -0.0, 5e-21, -5e-21, 1e+20, -0.0, 100, -0.0, 2.99595030590511, -0.00404969409489031, 5.999999994080474],
            [NaN, NaN, NaN, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0, 1.011945647204184, -0.01194564720418392, 1.0000000354687093]),
        ("Gelu(tanh)", x => x.Gelu("tanh"),
            [NaN, Inf, NaN, 0, -0.0, 5e-21, -5e-21, 1e+20, -0.0, 100, -0.0, 2.996362607918227, -0.0036373920817729943, 5.9999999999156035],
            [NaN, NaN, NaN, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0, 1.0115841666309695, -0.011584166630969648, 1.0000000007709977]),
        ("Silu", x => x.Silu(),
            [NaN, Inf, NaN, 0, -0.0, 5e-21, -5e-21, 1e+20, -0.0, 100, -3.720075976020836e-42, 2.8577223804672998, -0.14227761953270035,
                5.985164261060192],
            [NaN, NaN, NaN, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, -3.682875216260627e-42, 1.0881041060151693, -0.08810410601516962, 1.0123264325915249]),
        ("Mish", x => x.Mish(),
            [NaN, Inf, NaN, 0, -0.0, 6e-21, -6e-21, 1e+20, -0.0, 100, -3.7200759760208363e-42, 2.9865350049679575, -0.1456474612756246,
                5.999926634065252],
            [NaN, NaN, NaN, 0.6, 0.6, 0.6, 0.6, 1, 0, 1, -3.682875216260627e-42, 1.0211069109294435, -0.09339311453232084, 1.00013414050621]),
        ("Softplus", x => x.Softplus(),
            [NaN, Inf, 0, 0.6931471805599453, 0.6931471805599453, 0.6931471805599453, 0.6931471805599453, 1e+20, 0, 100, 3.720075976020836e-44,
                3.048587351573742, 0.04858735157374206, 6.00247568513773],
            [NaN, 1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 3.720075976020836e-44, 0.9525741268224333, 0.04742587317756679, 0.9975273768433652]),
        ("Softsign", x => x.Softsign(),
            [NaN, NaN, NaN, 0, -0.0, 1e-20, -1e-20, 1, -1, 0.9900990099009901, -0.9900990099009901, 0.75, -0.75, 0.8571428571428571],
            [NaN, NaN, NaN, 1, 1, 1, 1, 0, 0, 9.80296049406925e-05, 9.80296049406925e-05, 0.0625, 0.0625, 0.020408163265306117]),
        ("Tanh", x => x.Tanh(),
            [NaN, 1, -1, 0, -0.0, 1e-20, -1e-20, 1, -1, 1, -1, 0.9950547536867305, -0.9950547536867305, 0.9999877116507956],
            [NaN, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0.009866037165440166, 0.009866037165440166, 2.4576547405302974e-05]),
        ("Tanhshrink", x => x.Tanhshrink(),
            [NaN, Inf, -Inf, 0, 0, 0, 0, 1e+20, -1e+20, 99, -99, 2.0049452463132695, -2.0049452463132695, 5.000012288349204],
            [NaN, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0.9901339628345598, 0.9901339628345598, 0.9999754234525947]),
        ("Hardshrink", x => x.Hardshrink(),
            [NaN, Inf, -Inf, 0, 0, 0, 0, 1e+20, -1e+20, 100, -100, 3, -3, 6],
            [0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]),
        ("Softshrink", x => x.Softshrink(),
            [NaN, Inf, -Inf, 0, 0, 0, 0, 1e+20, -1e+20, 99.5, -99.5, 2.5, -2.5, 5.5],
            [0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]),
        ("Threshold", x => x.Threshold(0.3, -2),
            [NaN, Inf, -2, -2, -2, -2, -2, 1e+20, -2, 100, -2, 3, -2, 6],
            [1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1]),
        ("Hardsigmoid", x => x.Hardsigmoid(),
            [NaN, 1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0, 1, 0, 1],
            [0, 0, 0, 0.1666666716337204, 0.1666666716337204, 0.1666666716337204, 0.1666666716337204, 0, 0, 0, 0, 0, 0, 0]),
        ("Hardswish", x => x.Hardswish(),
            [NaN, Inf, NaN, 0, -0.0, 5e-21, -5e-21, 1e+20, -0.0, 100, -0.0, 3, -0.0, 6],
            [NaN, 1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0, 1, -0.5, 1]),
        ("Prelu", x => x.Prelu(Tensor.Full([1], 0.25, x.DType)),
            [NaN, Inf, -Inf, 0, -0.0, 1e-20, -2.5e-21, 1e+20, -2.5e+19, 100, -25, 3, -0.75, 6],
            [0.25, 1, 0.25, 0.25, 0.25, 1, 0.25, 1, 0.25, 1, 0.25, 1, 0.25, 1]),
    ];

    // Values and derivatives of mpmath at 60 digits.
    static readonly (string Name, Func<Tensor, Tensor> F, double[] X, double[] Values, double[] Derivatives)[] Tails =
    [
        ("Gelu", x => x.Gelu(), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [-2.1317785344932148e-32, -1.0157295653584566e-18, -5.9195258702261888e-9, -1.5289529061285272e-5, -4.5500263896358414e-2,
                -0.15426876936299345, 0.34573123063700655, 1.9544997361036416, 5.9999999940804741, 12],
            [-2.5578956616748956e-31, -9.1389373739066393e-18, -3.5468709453902015e-8, -6.8529161856344575e-5, -8.5231801078196897e-2,
                0.13250487534383716, 0.86749512465616284, 1.0852318010781969, 1.0000000354687095, 1]),
        ("Gelu(tanh)", x => x.Gelu("tanh"), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [-1.6359854493534811e-61, -1.3364595947348725e-28, -8.4396467007622971e-11, -5.1367374119586498e-6, -4.5402305912224981e-2,
                -0.15428599017485608, 0.34571400982514392, 1.954597694087775, 5.9999999999156035, 12],
            [-5.2904033525225585e-60, -2.5157352850674252e-27, -7.7099739309536955e-10, -2.9322270442755096e-5, -8.6099256623618382e-2,
                0.13263009646535769, 0.86736990353464231, 1.0860992566236184, 1.0000000007709974, 1]),
        ("Silu", x => x.Silu(), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [-7.3730095226576614e-5, -1.1105511838760856e-3, -1.4835738939808646e-2, -4.944124183766931e-2, -0.23840584404423511,
                -0.18877033439907272, 0.31122966560092728, 1.7615941559557649, 5.9851642610601914, 11.999926269904773],
            [-6.7585467613783386e-5, -9.8701957189740844e-4, -1.2326432591525513e-2, -3.7911091119420374e-2, -9.0784248784895479e-2,
                0.26003881269734819, 0.73996118730265181, 1.0907842487848955, 1.0123264325915255, 1.0000675854676138]),
        ("Mish", x => x.Mish(), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [-7.3730321731865865e-5, -1.1106197018717866e-3, -1.4854080479424994e-2, -4.9712829307341217e-2, -0.25250148269570886, -0.22074377465173,
                0.3752452113048951, 1.9439589595339945, 5.9999266340652527, 11.999999999093979],
            [-6.7585901746137732e-5, -9.8714897786763561e-4, -1.235996793178131e-2, -3.8387912491628104e-2, -0.10835509242039394,
                0.28951067791351219, 0.88642437535772726, 1.0693179342794897, 1.0001341405062098, 1.0000000017365294]),
        ("LogSigmoid", x => x.LogSigmoid(), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [-12.000006144193478, -9.0001234021897233, -6.0024756851377304, -4.5110477448485938, -2.1269280110429725, -0.97407698418010668,
                -0.47407698418010668, -0.1269280110429725, -2.4756851377304495e-3, -6.1441934777328054e-6],
            [0.99999385582539779, 0.99987660542401377, 0.99752737684336523, 0.98901305736940682, 0.88079707797788244, 0.62245933120185456,
                0.37754066879814544, 0.11920292202211756, 2.4726231566347743e-3, 6.1441746022147178e-6]),
        ("Softplus", x => x.Softplus(), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [6.1441934777328054e-6, 1.2340218972325882e-4, 2.4756851377304495e-3, 1.1047744848593816e-2, 0.1269280110429725, 0.47407698418010668,
                0.97407698418010668, 2.1269280110429725, 6.0024756851377304, 12.000006144193478],
            [6.1441746022147178e-6, 1.2339457598623173e-4, 2.4726231566347743e-3, 1.098694263059318e-2, 0.11920292202211756, 0.37754066879814544,
                0.62245933120185456, 0.88079707797788244, 0.99752737684336523, 0.99999385582539779]),
        ("Ndtr", x => x.Ndtr(), [-12, -9, -6, -4.5, -2, -0.5, 0.5, 2, 6, 12],
            [1.776482112077679e-33, 1.1285884059538406e-19, 9.8658764503769814e-10, 3.3976731247300604e-6, 2.2750131948179207e-2, 0.3085375387259869,
                0.6914624612740131, 0.97724986805182079, 0.99999999901341235, 1],
            [2.1463837356630603e-32, 1.0279773571668915e-18, 6.0758828498232855e-9, 1.5983741106905474e-5, 5.3990966513188052e-2,
                0.35206532676429948, 0.35206532676429948, 5.3990966513188052e-2, 6.0758828498232855e-9, 2.1463837356630603e-32]),
        ("Erfc", x => x.Erfc(), [9, 6, 4.5, 3, 2, 1, 0.5, -0.5, -2, -6],
            [4.1370317465138102e-37, 2.1519736712498913e-17, 1.9661604415428875e-10, 2.2090496998585441e-5, 4.6777349810472658e-3,
                0.15729920705028513, 0.47950012218695346, 1.5204998778130465, 1.9953222650189527, 2],
            [-7.4920734282459745e-36, -2.6173012392492648e-16, -1.8113058959086899e-9, -1.3925305194674785e-4, -2.0666985354092054e-2,
                -0.4151074974205947, -0.87878257893544479, -0.87878257893544479, -2.0666985354092054e-2, -2.6173012392492648e-16]),
    ];

    static IEnumerable<TestCaseData> UnaryRows => Unary.Select(row => new TestCaseData(row.F, row.Reference).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> BinaryRows => Binary.Select(row => new TestCaseData(row.F, row.Reference).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> PoleRows => Poles.Select(row => new TestCaseData(row.F, row.X, row.Values).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> ActivationRows =>
        Activations.Select(row => new TestCaseData(row.F, row.Values, row.Derivatives).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> TailRows =>
        Tails.Select(row => new TestCaseData(row.F, row.X, row.Values, row.Derivatives).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(UnaryRows))]
    public void A_function_of_one_element_is_the_C_librarys(Func<Tensor, Tensor> f, Func<double, double> reference)
    {
        foreach ((DType dtype, double[] values) in Types)
            foreach ((Tensor x, string what) in Arrangements(values, dtype)) ShouldBe(f(x), [.. x.ToArray<double>().Select(reference)], x, what);
    }

    [TestCaseSource(nameof(BinaryRows))]
    public void A_function_of_two_elements_is_the_C_librarys(Func<Tensor, Tensor, Tensor> f, Func<double, double, double> reference)
    {
        foreach ((DType dtype, double[] values) in Types)
        {
            double[] first = [.. values.SelectMany(a => values.Select(_ => a))], second = [.. values.SelectMany(_ => values)];
            foreach (((Tensor a, string what), (Tensor b, _)) in Arrangements(first, dtype).Zip(Arrangements(second, dtype)))
                ShouldBe(f(a, b), [.. a.ToArray<double>().Zip(b.ToArray<double>(), reference)], Tensor.Stack([a, b]), what);
        }
    }

    [TestCaseSource(nameof(PoleRows))]
    public void A_special_function_has_its_poles_and_limits(Func<Tensor, Tensor> f, double[] points, double[] values)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach ((Tensor x, string what) in Arrangements(points, dtype)) ShouldBe(f(x), Looked(x, points, values), x, what);
    }

    [TestCaseSource(nameof(ActivationRows))]
    public void An_activation_has_PyTorchs_values_and_derivatives_at_special_points(Func<Tensor, Tensor> f, double[] values, double[] derivatives)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach ((Tensor x, string what) in Arrangements(ActivationPoints, dtype))
            {
                (Tensor value, Tensor gradient) = Autograd.Vjp(f, x, Tensor.OnesLike(x));
                ShouldBe(value, Looked(x, ActivationPoints, values), x, what);
                ShouldBe(gradient, Looked(x, ActivationPoints, derivatives), x, $"derivative, {what}", isDerivative: true);
            }
    }

    [TestCaseSource(nameof(TailRows))]
    public void A_tail_keeps_its_digits(Func<Tensor, Tensor> f, double[] points, double[] values, double[] derivatives)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            Tensor x = Tensor.From(points).To(dtype);
            x.RequiresGrad = true;
            Tensor y = f(x);
            double[] value = y.ToArray<double>(), first = Autograd.Grad(y.Sum(), [x])[0].ToArray<double>();
            double[] recorded = Autograd.Grad(f(x).Sum(), [x], createGraph: true)[0].ToArray<double>();
            for (int i = 0; i < points.Length; i++)
            {
                // The exponent −x² of a tail is itself rounded.
                double rounding = (dtype == DType.Float32 ? 6e-8 : 1.2e-16) * (8 + (2 * points[i] * points[i]));
                if (dtype == DType.Float32 && Math.Abs(values[i]) < 1e-37) continue;
                value[i].ShouldBe(values[i], rounding * Math.Abs(values[i]), $"{dtype} at {points[i]}");
                first[i].ShouldBe(derivatives[i], 4 * rounding * Math.Abs(derivatives[i]), $"derivative, {dtype} at {points[i]}");
                recorded[i].ShouldBe(derivatives[i], 4 * rounding * Math.Abs(derivatives[i]), $"recorded derivative, {dtype} at {points[i]}");
            }
        }
    }

    [TestCase(Inf, Inf, Inf)]
    [TestCase(-Inf, -Inf, -Inf)]
    [TestCase(Inf, -Inf, Inf)]
    [TestCase(-Inf, 3, 3)]
    [TestCase(NaN, 1, NaN)]
    [TestCase(Inf, NaN, NaN)]
    [TestCase(0, 0, 0.69314718055994531)]
    [TestCase(1000, 1000, 1000.69314718055994531)]
    [TestCase(0, -40, 4.2483542552915889e-18)]
    [TestCase(1e20, -1e20, 1e20)]
    public void LogAddExp_has_the_limits_of_its_formula(double a, double b, double expected)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach ((Tensor x, string what) in Arrangements([a], dtype))
            {
                ShouldBe(x.LogAddExp(Tensor.Full([], b, dtype)), [.. x.ToArray<double>().Select(_ => expected)], x, what);
                ShouldBe(Tensor.Full([], b, dtype).LogAddExp(x), [.. x.ToArray<double>().Select(_ => expected)], x, what);
            }
    }

    [Test]
    public void Lerp_with_weight_1_is_the_end([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        Tensor start = Tensor.Full([5], 1e20, dtype), end = Tensor.Full([5], 1, dtype);
        start.Lerp(end, 1.0).ToArray<double>().ShouldAllBe(value => value == 1);
        start.Lerp(end, 0.0).ToArray<double>().ShouldBe(start.ToArray<double>());
        start.Lerp(end, 0.25).DType.ShouldBe(dtype);
    }

    [TestCase(1L << 53, (1L << 53) + 3, 1, 3)]
    [TestCase(long.MaxValue - 3, long.MaxValue, 1, 3)]
    [TestCase(long.MaxValue, long.MaxValue - 5, -2, 3)]
    [TestCase(long.MinValue, long.MinValue + 7, 3, 3)]
    [TestCase(long.MinValue, long.MaxValue, long.MaxValue, 3)]
    [TestCase(5, 5, 1, 0)]
    [TestCase(0, -7, -2, 4)]
    public void Arange_of_integers_counts_exactly(long start, long end, long step, int count)
    {
        long[] numbers = Tensor.Arange(start, end, step).ToArray<long>();
        numbers.ShouldBe([.. Enumerable.Range(0, count).Select(i => (long)((Int128)start + ((Int128)i * step)))]);
    }

    [Test]
    public void Arange_that_leads_away_or_is_too_long_is_an_error()
    {
        Should.Throw<ValueException>(() => Tensor.Arange(1, 0, 2)).Message.ShouldBe("Arange: the range from 1 to 0 in steps of 2 is not finite");
        Should.Throw<ShapeException>(() => Tensor.Arange(long.MinValue, long.MaxValue));
    }

    [Test]
    public void IsClose_of_integers_compares_integers()
    {
        long big = 1L << 53;
        Tensor a = Tensor.From([big, big, long.MaxValue, 0, long.MinValue]), b = Tensor.From([big + 1, big, long.MinValue, 1, long.MaxValue]);
        a.IsClose(b, 0, 0).ToArray<bool>().ShouldBe([false, true, false, false, false]);
        a.IsClose(b, 0, 1).ToArray<bool>().ShouldBe([true, true, false, true, false]);
        a.AllClose(a).ShouldBeTrue();
        Tensor.From([big]).AllClose(Tensor.From([big + 1]), 0, 0).ShouldBeFalse();
    }

    static double FloorDivide(double a, double b)
    {
        if (b == 0) return a / b;
        double r = a % b, q = Math.Round((a - r) / b);
        if (r < 0 != b < 0 && r != 0) q--;
        return q == 0 ? Math.CopySign(0, a / b) : q;
    }

    // The value that belongs to each point.
    static double[] Looked(Tensor x, double[] points, double[] values)
    {
        double[] rounded = Tensor.From(points).To(x.DType).ToArray<double>();
        return [.. x.ToArray<double>().Select(value => values[Array.FindIndex(rounded, point => Bits(point) == Bits(value))])];

        static long Bits(double value) => BitConverter.DoubleToInt64Bits(IsNaN(value) ? NaN : value);
    }

    /// <summary>All values in two dimensions and in every layout, and as vectors of lengths around the widths.</summary>
    static IEnumerable<(Tensor X, string What)> Arrangements(double[] values, DType dtype)
    {
        Tensor all = Tensor.From(values).To(dtype), twice = Tensor.Stack([all, all.Flip(0)]);
        yield return (twice, $"{dtype} {twice.Shape}");
        foreach ((string layout, Func<Tensor, Tensor> view) in Layouts.All) yield return (view(twice), $"{dtype} {layout}");
        foreach (int length in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33])
            for (int start = 0; start + length <= values.Length && start < 60; start += length)
                yield return (all.Narrow(0, start, length), $"{dtype}, {length} from {start} on");
    }

    static void ShouldBe(Tensor actual, double[] expected, Tensor inputs, string what, bool isDerivative = false)
    {
        bool isSingle = actual.DType == DType.Float32;
        // Subnormal results, and derivatives from values near 1, are rounded absolutely.
        double absolute = isDerivative ? (isSingle ? 1e-7 : 1e-15) : isSingle ? 1e-43 : 1e-321;
        double[] got = actual.ToArray<double>();
        got.Length.ShouldBe(expected.Length, what);
        for (int i = 0; i < got.Length; i++)
        {
            double wanted = isSingle ? (float)expected[i] : expected[i];
            bool isClose = Math.Abs(got[i] - wanted) <= ((isSingle ? 1e-6 : 2e-14) * Math.Abs(wanted)) + absolute;
            bool hasSign = expected[i] != 0 || isDerivative || IsNegative(got[i]) == IsNegative(expected[i]);
            if (IsFinite(wanted) ? isClose && hasSign : got[i].Equals(wanted)) continue;
            double[] at = inputs.Reshape(-1, got.Length).Select(1, i).ToArray<double>();
            got[i].ShouldBe(wanted, $"{what}, element {i} of {string.Join(" and ", at)}");
            Assert.Fail($"the sign of zero, {what}, element {i}");
        }
    }
}
