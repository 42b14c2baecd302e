namespace MiniTorch.Tests.Conformance;

/// <summary>The reader of the reference data's Python against values that Python gives.</summary>
[Category("Conformance")]
internal sealed class PythonReaderTests
{
    [TestCase("7 // 2", 3L)]
    [TestCase("-7 // 2", -4L)]
    [TestCase("7 % -3", -2L)]
    [TestCase("-7.5 % 2", 0.5)]
    [TestCase("7.5 // -2", -4.0)]
    [TestCase("1 % 0.1", 0.09999999999999995)]
    [TestCase("1 // 0.1", 9.0)]
    [TestCase("6 / 3", 2.0)]
    [TestCase("-2 ** 2", -4L)]
    [TestCase("2 ** -1", 0.5)]
    [TestCase("2 ** 3 ** 2", 512L)]
    [TestCase("2**40 + 1", 1099511627777L)]
    [TestCase("1_000 + .5e1", 1005.0)]
    [TestCase("0 < 1 <= 1 != 2", true)]
    [TestCase("3 > 2 > 2", false)]
    [TestCase("not 1 == 2 and 3 or 4", 3L)]
    [TestCase("0 or 2", 2L)]
    [TestCase("1 if 0 else 2 if 0 else 3", 3L)]
    [TestCase("1 / 0 if False else 5", 5L)]
    [TestCase("(True + True) * 3", 6L)]
    [TestCase("max(1, min(3, 2.5), -1)", 2.5)]
    [TestCase("max([1, 4, 2])", 4L)]
    [TestCase("abs(-3) + len((1, 2)) + sum([1, 2.5])", 8.5)]
    [TestCase("round(2.5) + int(-1.7) + math.floor(-0.5) + math.ceil(0.2)", 1L)]
    [TestCase("math.log(8, 2) + math.hypot if False else math.cos(math.pi)", -1.0)]
    [TestCase("2 in [1, 2] and 3 not in (1, 2)", true)]
    [TestCase("None is None", true)]
    [TestCase("(lambda a, b: a - b)(5, 3)", 2L)]
    [TestCase("[1, 2, 4][-1]", 4L)]
    [TestCase("'mean' == \"mean\"", true)]
    public void Expression_has_the_value_that_Python_gives(string text, object value) => PythonReader.Evaluate(text).ShouldBe(value);

    [TestCase("min(1, (epoch+1)/10)", 4, 0.5)]
    [TestCase("lambda epoch: 0.95 ** epoch", 2, 0.9025)]
    [TestCase("0.1 if e >= 5 and e % 2 == 1 else 1.0", 7, 0.1)]
    [TestCase("(e < 3) * 0.5 + (e >= 3) * 0.25", 3, 0.25)]
    [TestCase("0.5 ** (step // 10)", 25, 0.25)]
    [TestCase("0.5 * (1 + math.cos(math.pi * t / 30))", 15, 0.5)]
    [TestCase("lambda k: 1 if not k else min(k ** -0.5, k * 4 ** -1.5)", 0, 1.0)]
    [TestCase("0.95", 9, 0.95)]
    public void Formula_of_an_epoch_is_evaluated_under_any_variable_name(string text, int epoch, double value) =>
        PythonReader.OfEpoch(text)(epoch).ShouldBe(value, 1e-15);

    [TestCase("1 +")]
    [TestCase("(1")]
    [TestCase("1 2")]
    [TestCase("a if b")]
    [TestCase("f(1,,2)")]
    public void Malformed_text_is_a_format_error(string text) => Should.Throw<FormatException>(() => PythonReader.Evaluate(text));

    [Test]
    public void Formula_of_two_variables_is_a_format_error() => Should.Throw<FormatException>(() => PythonReader.OfEpoch("epoch + other")(1));

    [TestCase("mse_loss(f32[2]=[1,3], f32[2]=[0,1], reduction='sum') is accepted", 5)]
    [TestCase("F.mse_loss(target=f64[2]=[0,1], input=f64[2]=[1,3])", 2.5)]
    [TestCase("huber_loss(torch.tensor([1., 3.]), torch.zeros(2), 'sum', delta=0.5) (a remark)", 0.375 + 1.375)]
    [TestCase("gaussian_nll_loss(f32[2]=[1,3], f32[2]=[1,3], var f32[2]=[1,1])", 0)]
    [TestCase("nll_loss(f32[1,2]=[-1,-2], i64[1]=[1])", 2)]
    [TestCase("nll_loss(torch.full((1, 2), -0.5), torch.tensor([0]), weight=None)", 0.5)]
    [TestCase("sum(cat([f32[1]=[2], ones(2, dtype=torch.float32)], dim=0))", 4)]
    [TestCase("l1_loss(torch.tensor([2.0]).double(), f64[1]=[5])", 3)]
    public void Call_is_run_from_its_text(string text, double value) => OpText.Run(text).ShouldHaveSingleItem().Item<double>().ShouldBe(value, 1e-6);

    [TestCase("unknown_loss(f32[2], f32[2])")]
    [TestCase("mse_loss(f32[2], f32[2], unknown=1)")]
    [TestCase("mse_loss(unknown_op(f32[2]), f32[2])")]
    public void Unknown_op_or_option_fails_the_row_instead_of_counting_as_an_error_of_the_library(string text) =>
        Should.Throw<Exception>(() => OpText.Run(text)).ShouldNotBeAssignableTo<MiniTorchException>();
}
