namespace MiniTorch.Tests.CompileTime;

/// <summary>What each rule reports, what it lets pass, and what its fix makes of it.</summary>
public class AnalyzerTests
{
    // Names that the cases share.
    private const string Setup = """
        Tensor x = Tensor.Ones([4, 3]), y = Tensor.Zeros([4], DType.Int64);
        var model = new Linear(3, 2);
        var criterion = new CrossEntropyLoss();
        var optimizer = new SGD(model.Parameters(), lr: 0.1);

        """;

    [TestCase("x.Relu();", "MT0001 x.Relu()")]
    [TestCase("x.Exp().Log();", "MT0001 x.Exp().Log()")]
    [TestCase("try { x.Relu(); x = x * 2; } catch (ShapeException) { }", "MT0001 x.Relu()")]
    [TestCase("x.Max(dim: 1);", "MT0001 x.Max(dim: 1)")]
    [TestCase("Tensor.Cat([x, x]);", "MT0001 Tensor.Cat([x, x])")]
    [TestCase("for (int i = 0; i < 3; i++) { criterion.Call(model.Call(x), y).Backward(); optimizer.Step(); }", "MT0002 optimizer.Step()")]
    [TestCase("while (true) { for (int i = 0; i < 2; i++) criterion.Call(model.Call(x), y).Backward(); optimizer.Step(); }",
        "MT0002 optimizer.Step()")]
    [TestCase("Tensor total = 0; foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); total += loss; }",
        "MT0003 loss")]
    [TestCase("Tensor total = 0; foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); total = total + loss; }",
        "MT0003 loss")]
    [TestCase("var all = new List<Tensor>(); foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); all.Add(loss); }",
        "MT0003 loss")]
    [TestCase("class M : Module<Tensor, Tensor> { protected override Tensor Forward(Tensor t) => new Linear(3, 3).Call(t); }",
        "MT0004 new Linear(3, 3)")]
    [TestCase("class M : Module<Tensor, Tensor> { protected override Tensor Forward(Tensor t) { var drop = new Sequential(new Dropout()); return drop.Call(t); } }", "MT0004 new Sequential(new Dropout())")]
    [TestCase("class M : Module<Tensor, Tensor> { static readonly Linear s_fc = new(3, 3); protected override Tensor Forward(Tensor t) => s_fc.Call(t); }", "MT0005 s_fc")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly (Linear A, Linear B) _pair = (new(3, 3), new(3, 3)); protected override Tensor Forward(Tensor t) => _pair.A.Call(t); }", "MT0005 _pair")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly Lazy<Linear> _fc = new(() => new Linear(3, 3)); protected override Tensor Forward(Tensor t) => _fc.Value.Call(t); }", "MT0005 _fc")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly Func<Linear> _make = () => new Linear(3, 3); protected override Tensor Forward(Tensor t) => _make().Call(t); }", "MT0005 _make")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly HashSet<Parameter> _set = []; protected override Tensor Forward(Tensor t) => t; }",
        "MT0005 _set")]
    [TestCase("class M : Module<Tensor, Tensor> { Linear Fc => new(3, 3); protected override Tensor Forward(Tensor t) => Fc.Call(t); }", "MT0005 Fc")]
    [TestCase("class M : Module<Tensor, Tensor> { Dictionary<int, Linear> ByNumber { get; } = []; protected override Tensor Forward(Tensor t) => t; }", "MT0005 ByNumber")]
    [TestCase("class M : Module<Tensor, Tensor> { Linear? _l; protected override Tensor Forward(Tensor t) { _l = new Linear(3, 3); return _l.Call(t); } }", "MT0004 new Linear(3, 3)")]
    [TestCase("class M : Module<Tensor, Tensor> { protected override Tensor Forward(Tensor t) { Linear? l = null; l ??= new Linear(3, 3); return l.Call(t); } }", "MT0004 new Linear(3, 3)")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly Linear[,] _grid = new Linear[1, 1]; protected override Tensor Forward(Tensor t) => t; }",
        "MT0005 _grid")]
    [TestCase("class Pair { public Linear A = new(3, 3); } class M : Module<Tensor, Tensor> { readonly Pair _pair = new(); protected override Tensor Forward(Tensor t) => _pair.A.Call(t); }", "MT0005 _pair")]
    [TestCase("struct Pair { public Parameter A { get; set; } } class M : Module<Tensor, Tensor> { readonly Pair _pair; protected override Tensor Forward(Tensor t) => t; }", "MT0005 _pair")]
    [TestCase("record Pair(Linear A); class M : Module<Tensor, Tensor> { Pair Both { get; } = new(new(3, 3)); protected override Tensor Forward(Tensor t) => t; }", "MT0005 Both")]
    [TestCase("criterion.Call(model.Call(x).Softmax(1), y);", "MT0006 model.Call(x).Softmax(1)")]
    [TestCase("Tensor p = model.Call(x).Softmax(1); Functional.CrossEntropy(p, y);", "MT0006 model.Call(x).Softmax(1)")]
    [TestCase("var softmax = new Softmax(1); criterion.Call(softmax.Call(model.Call(x)), y);", "MT0006 softmax.Call(model.Call(x))")]
    [TestCase("var net = new Sequential(model, new Softmax(1)); criterion.Call(net.Call(x), y);", "MT0006 new Softmax(1)")]
    [TestCase("criterion.Call(new M().Call(x), y); class M : Module<Tensor, Tensor> { protected override Tensor Forward(Tensor t) => t.Softmax(1); }",
        "MT0006 new M().Call(x)")]
    [TestCase("using (Autograd.NoGrad()) { Tensor loss = model.Call(x).Sum(); loss.Backward(); }", "MT0007 loss.Backward()")]
    [TestCase("using (Autograd.NoGrad()) model.Call(x).Sum().Backward();", "MT0007 model.Call(x).Sum().Backward()")]
    [TestCase("using var off = Autograd.NoGrad(); Tensor loss = model.Call(x).Sum(); loss.Backward();", "MT0007 loss.Backward()")]
    [TestCase("x.RequiresGrad = true; x.Sum().Backward(); using (Autograd.NoGrad()) x -= 0.1 * x.Grad!;", "MT0013 x -= 0.1 * x.Grad!")]
    [TestCase("x.RequiresGrad = true; x.Sum().Backward(); x += (-0.1) * (x.Grad! + x);", "MT0013 x += (-0.1) * (x.Grad! + x)")]
    [TestCase("x.RequiresGrad = true; x.Sum().Backward(); x = x - 0.1 * x.Grad!;", "MT0013 x = x - 0.1 * x.Grad!")]
    [TestCase("x.RequiresGrad = true; x.Sum().Backward(); using (Autograd.NoGrad()) x = x + x.Grad!;", "MT0013 x = x + x.Grad!")]
    public async Task Wrong_code_is_reported_at_its_place(string code, string finding) =>
        (await AnalyzedCode.FindingsIn(Setup + code)).ShouldBe([finding]);

    [TestCase("(1 + x).Log();", "MT0008 (1 + x).Log()")]
    [TestCase("(x + 1.0).Log();", "MT0008 (x + 1.0).Log()")]
    [TestCase("(1 - x).Log();", "MT0008 (1 - x).Log()")]
    [TestCase("(x.Exp() - 1);", "MT0008 x.Exp() - 1")]
    [TestCase("(1 - x.Exp()).Log();", "MT0008 (1 - x.Exp()).Log()")]
    [TestCase("(1 - x.Cos());", "MT0008 1 - x.Cos()")]
    [TestCase("((1 + x).Sqrt() - 1);", "MT0008 (1 + x).Sqrt() - 1")]
    [TestCase("(1 - x.Erf());", "MT0008 1 - x.Erf()")]
    [TestCase("0.5 * ((1 + x) / (1 - x)).Log();", "MT0008 ((1 + x) / (1 - x)).Log()")]
    [TestCase("((1 + x).Log() - (1 - x).Log());", "MT0008 (1 + x).Log() - (1 - x).Log()")]
    [TestCase("(1 + x.Exp()).Log();", "MT0009 (1 + x.Exp()).Log()")]
    [TestCase("x.Exp().Log1p();", "MT0009 x.Exp().Log1p()")]
    [TestCase("x.Exp().Sum(1, keepDim: true).Log();", "MT0009 x.Exp().Sum(1, keepDim: true).Log()")]
    [TestCase("x.Exp().Sum().Log();", "MT0009 x.Exp().Sum().Log()")]
    [TestCase("x.Exp().Mean(1).Log();", "MT0009 x.Exp().Mean(1).Log()")]
    [TestCase("(x.Exp() + x.Sin().Exp()).Log();", "MT0009 (x.Exp() + x.Sin().Exp()).Log()")]
    [TestCase("x.Exp() / x.Exp().Sum(1, keepDim: true);", "MT0009 x.Exp() / x.Exp().Sum(1, keepDim: true)")]
    [TestCase("(x.Exp() / x.Exp().Sum(1, keepDim: true)).Log();", "MT0009 (x.Exp() / x.Exp().Sum(1, keepDim: true)).Log()")]
    [TestCase("(1 + x.Exp()).Log() - x;", "MT0009 (1 + x.Exp()).Log() - x")]
    [TestCase("(x.Exp() / x.Sin().Exp()).Log();", "MT0009 (x.Exp() / x.Sin().Exp()).Log()")]
    [TestCase("1 / (1 + (-x).Exp());", "MT0009 1 / (1 + (-x).Exp())")]
    [TestCase("(1 / (1 + (-x).Exp())).Log();", "MT0009 (1 / (1 + (-x).Exp())).Log()")]
    [TestCase("x.Cosh().Log();", "MT0009 x.Cosh().Log()")]
    [TestCase("x.Prod(1).Log();", "MT0009 x.Prod(1).Log()")]
    [TestCase("x.Softmax(1).Log();", "MT0010 x.Softmax(1).Log()")]
    [TestCase("(x.Softmax(1) + 1e-8).Log();", "MT0010 (x.Softmax(1) + 1e-8).Log()")]
    [TestCase("x.Softmax(1).Clamp(1e-8).Log();", "MT0010 x.Softmax(1).Clamp(1e-8).Log()")]
    [TestCase("x.Sigmoid().Log();", "MT0010 x.Sigmoid().Log()")]
    [TestCase("(1 - x.Sigmoid()).Log();", "MT0010 (1 - x.Sigmoid()).Log()")]
    [TestCase("Functional.BinaryCrossEntropy(x.Sigmoid(), x);", "MT0010 Functional.BinaryCrossEntropy(x.Sigmoid(), x)")]
    [TestCase("(x * x).Mean(1) - x.Mean(1).Pow(2);", "MT0011 (x * x).Mean(1) - x.Mean(1).Pow(2)")]
    [TestCase("x.Square().Mean() - x.Mean() * x.Mean();", "MT0011 x.Square().Mean() - x.Mean() * x.Mean()")]
    public async Task A_formula_that_loses_digits_is_reported(string code, string finding) =>
        (await AnalyzedCode.FindingsIn($"{Setup}Tensor z = {code}")).ShouldBe([finding]);

    [TestCase("Tensor m = x.Amax(1, keepDim: true); Tensor z = (x - m).Exp().Sum(1).Log() + m;")]
    [TestCase("Tensor shifted = x - x.Amax(1, keepDim: true), e = shifted.Exp(); Tensor z = shifted.Exp().Sum(1).Log() + (e / e.Sum(1, keepDim: true)).Sum();")]
    [TestCase("Tensor shifted = Show(x - x.Amax(1, keepDim: true)); Tensor z = shifted.Exp().Sum(1).Log(); Tensor Show(Tensor t) => t;")]
    [TestCase("Tensor z = (x - x.Amax(1, keepDim: true)).Exp() / (x - x.Amax(1, keepDim: true)).Exp().Sum(1, keepDim: true);")]
    [TestCase("Tensor z = x.Log1p() + x.Expm1() + x.LogSumExp(1, keepDim: true) + x.LogSoftmax(1) + x.LogSigmoid() + x.Softplus() + x.Var();")]
    [TestCase("Tensor z = (2 + x).Log() + x.Exp() - 2; z = x * x - z * z; z = 1 - x.Sigmoid(); z = 1 - x.Exp(); z = x.Square().Mean() - z.Mean().Square();")]
    [TestCase("Tensor z = (x.Exp() + x).Log() + x.Exp() / z_().Exp().Sum(1, keepDim: true); Tensor z_() => x;")]
    [TestCase("double a = 0.1, b = Math.Log(1 + a) + Math.Exp(a) - 1 + 1 - Math.Cos(a);")]
    public async Task A_formula_that_keeps_its_digits_passes(string code) => (await AnalyzedCode.FindingsIn(Setup + code)).ShouldBeEmpty();

    [TestCase("(1 + x).Log()", "x.Log1p()")]
    [TestCase("2 * (x.Sin() + 1).Log()", "2 * x.Sin().Log1p()")]
    [TestCase("(1 - (x + x)).Log()", "(-(x + x)).Log1p()")]
    [TestCase("2 * (1 - x.Cos())", "2 * (2 * (x / 2).Sin().Square())")]
    [TestCase("(x.Exp() - 1).Sum()", "(x.Expm1()).Sum()")]
    [TestCase("x.Exp().Sum(1, keepDim: true).Log()", "x.LogSumExp(1, keepDim: true)")]
    [TestCase("x.Exp().Sum().Log()", null)]
    [TestCase("x.Exp().Mean(1).Log()", null)]
    [TestCase("(x.Exp() + (x + 1).Exp()).Log()", "x.LogAddExp(x + 1)")]
    [TestCase("x.Exp() / x.Exp().Sum(1, keepDim: true)", "x.Softmax(1)")]
    [TestCase("(x.Exp() / x.Exp().Sum(1, keepDim: true)).Log()", "x.LogSoftmax(1)")]
    [TestCase("(x.Exp() / x.Sin().Exp()).Log().Sum()", "(x - x.Sin()).Sum()")]
    [TestCase("x.Softmax(dim: 1).Log()", "x.LogSoftmax(dim: 1)")]
    [TestCase("(1 - x.Sigmoid()).Log()", "(-x).LogSigmoid()")]
    [TestCase("Functional.BinaryCrossEntropy(x.Sigmoid(), x)", "Functional.BinaryCrossEntropyWithLogits(x, x)")]
    [TestCase("(x * x).Mean(1) - x.Mean(1).Pow(2)", "x.Var(1, correction: 0)")]
    [TestCase("x.Square().Mean() - x.Mean().Square()", "x.Var(correction: 0)")]
    public async Task A_fix_writes_the_formula_that_keeps_its_digits(string code, string? mended) =>
        (await AnalyzedCode.Fixed($"{Setup}Tensor z = {code};")).ShouldBe(mended is null ? null : $"{Setup}Tensor z = {mended};");

    [TestCase("x = x.Relu(); _ = x.Exp(); x.AddInPlace(x); x.ZeroInPlace(); x.RequireGrad(); x.Named(\"p\"); Tensor.Ones([2]).ToArray<float>();")]
    [TestCase("try { x.MatMul(x); } catch (ShapeException error) { Console.WriteLine(error.Message); }")]
    [TestCase("x.RequiresGrad = true; x.Sum().Backward(); model.Train(); model.Call(x);")]
    [TestCase("for (int i = 0; i < 3; i++) { optimizer.ZeroGrad(); criterion.Call(model.Call(x), y).Backward(); optimizer.Step(); }")]
    [TestCase("for (int i = 0; i < 3; i++) { criterion.Call(model.Call(x), y).Backward(); if (i % 2 == 1) { optimizer.Step(); model.ZeroGrad(); } }")]
    [TestCase("for (int i = 0; i < 3; i++) { criterion.Call(model.Call(x), y).Backward(); optimizer.Step(); Clear(optimizer); } void Clear(Optimizer o) => o.ZeroGrad();")]
    [TestCase("for (int i = 0; i < 3; i++) { criterion.Call(model.Call(x), y).Backward(); optimizer.Step(); foreach (Parameter p in model.Parameters()) p.Grad = null; }")]
    [TestCase("criterion.Call(model.Call(x), y).Backward(); optimizer.Step();")]
    [TestCase("Tensor total = 0; foreach (int i in new[] { 1 }) total += model.Call(x).Sum(); total.Backward();")]
    [TestCase("Tensor total = 0; foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); total += loss; } total.Backward();")]
    [TestCase("double total = 0; foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); total += loss.Item<double>(); }")]
    [TestCase("var mean = new RunningMean(); foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); mean.Add(loss); }")]
    [TestCase("foreach (int i in new[] { 1 }) { Tensor sum = 0, loss = model.Call(x).Sum(); loss.Backward(retainGraph: true); sum += loss; }")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly Linear _fc; public M() { _fc = new Linear(3, 3); } protected override Tensor Forward(Tensor t) => _fc.Call(t) + Tensor.Ones([3]); }")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly Linear[] _a = [new(3, 3)]; readonly List<Linear> _b = []; readonly Dictionary<string, Linear> _c = []; readonly IReadOnlyList<Linear> _d = []; readonly ModuleList<Linear> _e = []; readonly List<Linear[]> _f = []; protected override Tensor Forward(Tensor t) => t; }")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly Func<Tensor, Tensor> _f = t => t; readonly Action<Module>? _seen = null; Linear Fc { get; } = new(3, 3); Linear First => Fc; static int s_count; protected override Tensor Forward(Tensor t) => _f(t) * s_count; }")]
    [TestCase("class M : Module<Tensor, Tensor> { Linear? _l; Linear? L { get; set; } protected override Tensor Forward(Tensor t) => (L ??= new Linear(3, 3)).Call((_l ??= new(3, 3)).Call(t)); }")]
    [TestCase("class M : Module<Tensor, Tensor> { readonly LazyLinear _l = new(3); protected override Tensor Forward(Tensor t) => _l.Call(t); }")]
    [TestCase("class M : Module<Tensor, Tensor> { Linear? _l; protected override Tensor Forward(Tensor t) { if (_l is null) { _l = new Linear(3, 3); } return _l.Call(t); } }")]
    [TestCase("class M : Module<Tensor, Tensor> { Module? _l; protected override Tensor Forward(Tensor t) { _l = _l ?? new Linear(3, 3); _l = _l is null ? new ReLU() : _l; return t; } }")]
    [TestCase("class Owner { public M? Net; } class Options { public int Width; } class M : Module<Tensor, Tensor> { readonly Owner? _owner = null; readonly Options _options = new(); protected override Tensor Forward(Tensor t) => _owner is null ? t : t * _options.Width; }")]
    [TestCase("class Trainer { static readonly Linear s_fc = new(3, 3); readonly (Linear, int) _pair = (s_fc, 1); public int Count => _pair.Item2; }")]
    [TestCase("criterion.Call(model.Call(x), y); _ = model.Call(x).Softmax(1).Sum(); criterion.Call(model.Call(x).LogSoftmax(1), y);")]
    [TestCase("Tensor p = model.Call(x).Softmax(1); p = model.Call(x); criterion.Call(p, y);")]
    [TestCase("var net = new Sequential(new Softmax(1), model); criterion.Call(net.Call(x), y); new NLLLoss().Call(model.Call(x).LogSoftmax(1), y);")]
    [TestCase("Tensor loss = model.Call(x).Sum(); using (Autograd.NoGrad()) loss.Backward();")]
    [TestCase("using (Autograd.NoGrad()) using (Autograd.EnableGrad()) model.Call(x).Sum().Backward();")]
    [TestCase("using (Autograd.NoGrad()) { Action later = () => model.Call(x).Sum().Backward(); }")]
    [TestCase("x = x.Grad!; x = x + x; Tensor z = x - x.Grad!; x = 2 * x.Grad!;")]
    [TestCase("Tensor z = x; z -= x.Grad!; z += z; using (Autograd.NoGrad()) x.SubInPlace(x.Grad!);")]
    public async Task Right_code_is_not_reported(string code) => (await AnalyzedCode.FindingsIn(Setup + code)).ShouldBeEmpty();

    [TestCase("x.Relu();", "x = x.Relu();")]
    [TestCase("x.Relu().Exp();", "x = x.Relu().Exp();")]
    [TestCase("Tensor.Cat([x, x]);", null)]
    [TestCase("for (int i = 0; i < 3; i++)\n{\n    criterion.Call(model.Call(x), y).Backward();\n    optimizer.Step();\n}",
        "for (int i = 0; i < 3; i++)\n{\n    optimizer.ZeroGrad();\n    criterion.Call(model.Call(x), y).Backward();\n    optimizer.Step();\n}")]
    [TestCase("Tensor total = 0; foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); total += loss; }",
        "Tensor total = 0; foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); total += loss.Item<double>(); }")]
    [TestCase("var all = new List<Tensor>(); foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); all.Add(loss); }",
        "var all = new List<Tensor>(); foreach (int i in new[] { 1 }) { Tensor loss = model.Call(x).Sum(); loss.Backward(); "
            + "all.Add(loss.Detach()); }")]
    [TestCase("class M : Module<Tensor, Tensor>\n{\n    protected override Tensor Forward(Tensor t) => new Linear(3, 3).Call(t);\n}",
        "class M : Module<Tensor, Tensor>\n{\n    private readonly Linear _linear = new(3, 3);\n    protected override Tensor Forward(Tensor t) "
            + "=> _linear.Call(t);\n}")]
    [TestCase("class M : Module<Tensor, Tensor> { protected override Tensor Forward(Tensor t) => new Linear(t.Shape[1], 3).Call(t); }", null)]
    [TestCase("class M : Module<Tensor, Tensor> { private static readonly Linear s_fc = new(3, 3); protected override Tensor Forward(Tensor t) => s_fc.Call(t); }", "class M : Module<Tensor, Tensor> { private readonly Linear s_fc = new(3, 3); protected override Tensor Forward(Tensor t) => s_fc.Call(t); }")]
    [TestCase("class M : Module<Tensor, Tensor> { Linear Fc => new(3, 3); protected override Tensor Forward(Tensor t) => Fc.Call(t); }",
        "class M : Module<Tensor, Tensor> { Linear Fc { get; } = new(3, 3); protected override Tensor Forward(Tensor t) => Fc.Call(t); }")]
    [TestCase("criterion.Call(model.Call(x).Softmax(1), y);", "criterion.Call(model.Call(x), y);")]
    [TestCase("var softmax = new Softmax(1); criterion.Call(softmax.Call(model.Call(x)), y);",
        "var softmax = new Softmax(1); criterion.Call(model.Call(x), y);")]
    [TestCase("var net = new Sequential(model, new Softmax(1)); criterion.Call(net.Call(x), y);",
        "var net = new Sequential(model); criterion.Call(net.Call(x), y);")]
    [TestCase("using (Autograd.NoGrad()) model.Call(x).Sum().Backward();", "using (Autograd.EnableGrad()) model.Call(x).Sum().Backward();")]
    [TestCase("using (Autograd.NoGrad()) x -= 0.1 * x.Grad!;", "using (Autograd.NoGrad()) x.SubInPlace(0.1 * x.Grad!);")]
    [TestCase("using (Autograd.NoGrad()) x = x - 0.1 * x.Grad!;", "using (Autograd.NoGrad()) x.SubInPlace(0.1 * x.Grad!);")]
    public async Task Code_fix_removes_the_diagnostic(string code, string? mended)
    {
        string? result = await AnalyzedCode.Fixed(Setup + code);
        result.ShouldBe(mended is null ? null : Setup + mended);
    }

    [TestCase("x.Bmm(y)", "Bmm", "x.MatMul(y)")]
    [TestCase("y.Bmm(x)", "Bmm", "y.MatMul(x)")]
    [TestCase("(x + y).Mm(y * 2)", "Mm", "(x + y).MatMul(y * 2)")]
    [TestCase("x.Size(0)", "Size", "x.Shape[0]")]
    [TestCase("x.ViewAs(y + 1)", "ViewAs", "x.View((y + 1).Shape)")]
    [TestCase("x.Float()", "Float", "x.To(DType.Float32)")]
    [TestCase("x.T()", "T", "x.T")]
    [TestCase("x.log_softmax(1)", "log_softmax", "x.LogSoftmax(1)")]
    [TestCase("x.Argmax(dim: 1)", "Argmax", "x.ArgMax(dim: 1)")]
    [TestCase("Functional.Relu(x - 1)", "Relu", "(x - 1).Relu()")]
    [TestCase("Tensor.MatMul(x, y)", "MatMul", "x.MatMul(y)")]
    [TestCase("torch.matmul(x, y)", "matmul", "x.MatMul(y)")]
    [TestCase("torch.ones([2, 3])", "ones", "Tensor.Ones([2, 3])")]
    [TestCase("F.cross_entropy(x, y, labelSmoothing: 0.1)", "cross_entropy", "Functional.CrossEntropy(x, y, labelSmoothing: 0.1)")]
    [TestCase("torch.nn.functional.log_softmax(x, dim: 1)", "log_softmax", "x.LogSoftmax(dim: 1)")]
    [TestCase("new nn.Linear(3, 2)", "Linear", "new Linear(3, 2)")]
    [TestCase("nn.Linear(3, 2)", "Linear", "new Linear(3, 2)")]
    [TestCase("optim.SGD(model.Parameters(), lr: 0.1)", "SGD", "new SGD(model.Parameters(), lr: 0.1)")]
    [TestCase("model(x)", "model", "model.Call(x)")]
    [TestCase("model.Forward(x)", "Forward", "model.Call(x)")]
    [TestCase("x.Sum(1, keepdim: true)", "keepdim", "x.Sum(1, keepDim: true)")]
    [TestCase("x.Sum(axis: 1)", "axis", "x.Sum(dim: 1)")]
    [TestCase("new SGD(model.Parameters(), lr: 0.1, weight_decay: 1)", "weight_decay", "new SGD(model.Parameters(), lr: 0.1, weightDecay: 1)")]
    [TestCase("Init.KaimingUniform_(x)", "KaimingUniform_", "Init.KaimingUniform(x)")]
    [TestCase("Functional.MSELoss(x, y, reduction: \"sum\")", "\"sum\"", "Functional.MSELoss(x, y, reduction: Reduction.Sum)")]
    [TestCase("torch.det(x)", "det", "Linalg.Det(x)")]
    [TestCase("(x + 1).Det()", "Det", "Linalg.Det((x + 1))")]
    [TestCase("torch.autograd.gradcheck(t => t.Sum(), x)", "gradcheck", "GradCheck.Run(t => t.Sum(), x)")]
    [TestCase("x.Bmm(y).Item<float>()", "Bmm", "x.MatMul(y).Item<float>()")]
    [TestCase("new SGD(model.Parameters(), lr: 0.1, fused: true)", "fused", "new SGD(model.Parameters(), lr: 0.1)")]
    [TestCase("(x == y).Sum()", "x == y", "x.Eq(y).Sum()")]
    [TestCase("(x - 1) ** 2", "* 2", "(x - 1).Pow(2)")]
    [TestCase("(x ** 2).Sum()", "* 2", "x.Pow(2).Sum()")]
    [TestCase("x == 0", "x == 0", "x.Eq(0)")]
    [TestCase("2 * x.Sub(y)", "Sub", "2 * (x - y)")]
    [TestCase("x.Mul(y).Sum()", "Mul", "(x * y).Sum()")]
    [TestCase("x.Neg().Sum()", "Neg", "(-x).Sum()")]
    [TestCase("x.Add(y)", "Add", "x + y")]
    [TestCase("x.Size()", "Size", "x.Shape")]
    [TestCase("new LeakyReLU(0.2, inplace: true)", "inplace", "new LeakyReLU(0.2)")]
    [TestCase("new ReLU(true)", "true", "new ReLU()")]
    [TestCase("x.Data += y", "Data", null)]
    [TestCase("x.ToArray<float>().Select(v => x.Mm(y)).First()", "Mm", "x.ToArray<float>().Select(v => x.MatMul(y)).First()")]
    [TestCase("DType.Long", "Long", "DType.Int64")]
    [TestCase("x.Cuda()", "Cuda", "x")]
    [TestCase("x.Size(0, 1)", "Size", null)]
    public async Task A_name_of_PyTorch_is_answered(string code, string place, string? mended)
    {
        (await AnalyzedCode.FindingsIn($"{Setup}var z = {code};", mustCompile: false)).ShouldBe([$"MT0012 {place}"]);
        (await AnalyzedCode.Fixed($"{Setup}var z = {code};", mustCompile: false)).ShouldBe(mended is null ? null : $"{Setup}var z = {mended};");
    }

    [TestCase("x.Abs_();", "x = x.Abs();")]
    [TestCase("x.Add_(y);", "x.AddInPlace(y);")]
    [TestCase("optimizer.Zero_grad();", "optimizer.ZeroGrad();")]
    public async Task A_statement_in_PyTorchs_spelling_is_mended(string code, string mended) =>
        (await AnalyzedCode.Fixed(Setup + code, mustCompile: false)).ShouldBe(Setup + mended);

    [TestCase("x.Nothing(); torch.nothing(x); Console.Bmm(); x.Sum(nothing: 1); model.Nothing(); nothing(x); x.Shape = 3; \"\".Size(0);")]
    public async Task An_unknown_name_has_no_answer(string code) => (await AnalyzedCode.FindingsIn(Setup + code, mustCompile: false)).ShouldBeEmpty();

    [Test]
    public async Task A_chain_of_names_is_answered_at_each() =>
        (await AnalyzedCode.FindingsIn($"{Setup}var z = x.Bmm(y).ViewAs(y).Float();", mustCompile: false))
            .Order().ShouldBe(["MT0012 Bmm", "MT0012 Float", "MT0012 ViewAs"]);
}
