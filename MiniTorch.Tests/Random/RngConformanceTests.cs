using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.RandomNumbers;

/// <summary>Every row of rng.json: what PyTorch and NumPy drew after seeding.</summary>
[Category("Conformance")]
public partial class RngConformanceTests
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public sealed record Seeding(string Library, long Seed, Row[] Draws);

    public sealed record Row(string Call, string Dtype, JsonElement Data, JsonElement? DataWithoutAvx2);

    static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("rng.json")
        from seeding in JsonSerializer.Deserialize<Seeding[]>(text, Json)!
        from row in seeding.Draws
        select new TestCaseData(seeding.Library, seeding.Seed, row).SetName($"{seeding.Library}/{seeding.Seed}/{row.Call}");

    [TestCaseSource(nameof(Rows))]
    public void A_draw_equals_the_reference(string library, long seed, Row row)
    {
        var index = IndexOfTensor().Match(row.Call);
        string call = row.Call[..^index.Length];
        IReadOnlyList<Array> tensors = library switch
        {
            "torch" when row.Dtype == "float64" => new TorchDraws<double>(new Generator(seed)).Evaluate(call),
            "torch" => new TorchDraws<float>(new Generator(seed)).Evaluate(call),
            "numpy" => [new NumpyDraws(new NumpyRandom(seed)).Evaluate(call)],
            _ => throw new NotSupportedException($"unknown library {library}"),
        };
        Array drawn = tensors[index.Success ? int.Parse(index.Groups[1].ValueSpan, null) : 0];

        if (row.Dtype == "int64")
        {
            ((long[])drawn).ShouldBe(row.Data.Deserialize<long[]>(Json)!);
            return;
        }
        double tolerance = row.Dtype == "float32" ? 1e-6 : 1e-12;
        double[] actual = (double[])drawn, expected = row.Data.Deserialize<double[]>(Json)!;
        double[] scalar = row.DataWithoutAvx2?.Deserialize<double[]>(Json) ?? expected;
        actual.Length.ShouldBe(expected.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            bool near = Math.Abs(actual[i] - expected[i]) <= tolerance || Math.Abs(actual[i] - scalar[i]) <= tolerance;
            near.ShouldBeTrue($"element {i}: drew {actual[i]:R}, expected {expected[i]:R} or {scalar[i]:R}");
        }
    }

    [GeneratedRegex(@" \[(\d+)\]$")]
    private static partial Regex IndexOfTensor();
}
