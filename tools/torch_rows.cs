#:property ManagePackageVersionsCentrally=false
#:package TorchSharp@0.107.0
#:package libtorch-cpu-linux-x64@2.10.0
// Compares rows that conformance_rows.py made with PyTorch 1.13 with libtorch 2.10, and writes rows of attention, which 1.13 does not have.
//     dotnet run tools/torch_rows.cs ROWS.json.gz [ATTENTION.json.gz]
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

var functions = new Dictionary<string, Func<Tensor[], JsonObject, Tensor?[]>>
{
    ["bincount"] = (t, c) => [bincount(t[0], t.ElementAtOrDefault(1), Whole(c, "minlength", 0))],
    ["bucketize"] = (t, c) => [bucketize(t[0], t[1], false, Flag(c, "right"))],
    ["cholesky_solve"] = (t, c) => [cholesky_solve(t[0], Flag(c, "upper") ? t[1].triu() : t[1].tril(), Flag(c, "upper"))],
    // Of other orders it cannot be differentiated: it overwrites what its derivative needs.
    ["cond"] = (t, c) => [(double?)c["p"] is { } p ? linalg.cond(Math.Abs(p) == 2 ? t[0] : t[0].detach(), p) : linalg.cond(t[0])],
    ["cond_named"] = (t, c) => [linalg.cond(t[0].detach(), (string)c["p"]!)],
    ["cov"] = (t, c) => [cov(t[0], Whole(c, "correction", 1))],
    ["cross"] = (t, c) => [linalg.cross(t[0], t[1], Whole(c, "dim", -1))],
    ["cummax"] = (t, c) => Both(cummax(t[0], Whole(c, "dim", 0))),
    ["cummin"] = (t, c) => Both(cummin(t[0], Whole(c, "dim", 0))),
    ["diff"] = (t, c) => [Differences(t, Whole(c, "n", 1), Whole(c, "dim", -1))],
    ["isin"] = (t, c) => [isin(t[0], t[1])],
    ["kron"] = (t, c) => [kron(t[0], t[1])],
    ["lstsq"] = (t, c) => [linalg.lstsq(t[0], t[1]).Item1], // by a driver that gives no residuals
    ["matrix_exp"] = (t, c) => [matrix_exp(t[0])],
    ["meshgrid"] = (t, c) => meshgrid(t, (string)c["indexing"]!),
    ["nan_to_num"] = (t, c) => [nan_to_num(t[0], (double?)c["nan"] ?? 0, (double?)c["posinf"], (double?)c["neginf"])],
    ["pinv"] = (t, c) => [linalg.pinv(t[0], (double?)null, (double?)c["rcond"])],
    ["rot90"] = (t, c) => [rot90(t[0], Whole(c, "k", 1), (Sizes(c, "dims")[0], Sizes(c, "dims")[1]))],
    ["searchsorted"] = (t, c) => [searchsorted(t[0], t[1], false, Flag(c, "right"))],
    ["solve_triangular"] = (t, c) => [linalg.solve_triangular(t[0], t[1], Flag(c, "upper"), Flag(c, "left"), Flag(c, "unitriangular"))],
    ["tile"] = (t, c) => [tile(t[0], Sizes(c, "dims"))],
    ["unflatten"] = (t, c) => [unflatten(t[0], Whole(c, "dim", 0), Sizes(c, "sizes"))],
    ["unique"] = (t, c) => Three(unique(t[0], true, true, true, (int?)c["dim"])),
    ["unique_consecutive"] = (t, c) => Three(unique_consecutive(t[0], true, true, (int?)c["dim"])),
};
// In TorchSharp, dimension −1 stands for all of them.
functions["quantile"] = (t, c) => [quantile(t[0], t[1], (Whole(c, "dim", 0) + t[0].dim()) % t[0].dim(), Flag(c, "keepdim"))];
functions["nanquantile"] = (t, c) => [nanquantile(t[0], t[1], (Whole(c, "dim", 0) + t[0].dim()) % t[0].dim(), Flag(c, "keepdim"))];

JsonArray rows = JsonNode.Parse(new GZipStream(File.OpenRead(args[0]), CompressionMode.Decompress))!.AsArray();
int compared = 0, different = 0;
foreach (JsonObject row in rows.Cast<JsonObject>())
{
    JsonObject config = row["config"]!.AsObject();
    // TorchSharp has quantiles along a dimension only, and no other interpolation.
    if (!functions.TryGetValue((string)row["op"]!, out var function) || (row["op"]!.ToString().EndsWith("quantile") && (config["dim"] is null
        || (string?)config["interpolation"] is not (null or "linear")))) continue;
    (Tensor?[] outputs, Tensor?[] gradients) = Results(row, inputs => function(inputs, config));
    double tolerance = (double)row["rtol"]!;
    for (int i = 0; i < outputs.Length + gradients.Length; i++)
    {
        Tensor? got = i < outputs.Length ? outputs[i] : gradients[i - outputs.Length];
        JsonObject want = (i < outputs.Length ? row["outputs"]![i]! : row["grads"]![i - outputs.Length]!).AsObject();
        compared++;
        Tensor expected = Read(want).to_type(ScalarType.Float64);
        if (got is null || !got.shape.SequenceEqual(expected.shape)
            || !allclose(got.to_type(ScalarType.Float64), expected, tolerance, tolerance, equal_nan: true))
        {
            different++;
            Console.WriteLine($"{row["id"]}, {(i < outputs.Length ? "output" : "gradient")} {want["name"]}: "
                + $"{string.Join(", ", want["shape"]!.AsArray())}: "
                + $"{expected.str()} and now {got?.str()}");
        }
    }
}
Console.WriteLine($"{compared} tensors compared, {different} different");

if (args.Length > 1)
{
    JsonArray attention = [.. AttentionRows()];
    using var file = new GZipStream(File.Create(args[1]), CompressionLevel.SmallestSize);
    JsonSerializer.Serialize(file, attention);
    Console.WriteLine($"{attention.Count} rows of attention");
}
return different == 0 ? 0 : 1;

IEnumerable<JsonObject> AttentionRows()
{
    manual_seed(1);
    foreach ((long heads, long shared, long n, long m) in new[] { (2L, 2L, 3L, 3L), (4, 2, 3, 5), (6, 1, 2, 4) })
        foreach (string mask in new[] { "none", "causal", "hiding", "added" })
        {
            var inputs = new List<(string Name, Tensor Value)>
            {
                ("q", Real(2, heads, n, 4)), ("k", Real(2, shared, m, 4)), ("v", Real(2, shared, m, 3)),
            };
            if (mask == "hiding") inputs.Add(("mask", Real(n, m).gt(-0.7).logical_or(arange(m).eq(0))));
            if (mask == "added") inputs.Add(("mask", Real(heads, n, m)));
            var row = new JsonObject
            {
                ["id"] = $"scaled_dot_product_attention/{heads}_{shared}_{mask}", ["op"] = "scaled_dot_product_attention", ["dtype"] = "float64",
                ["tags"] = new JsonArray(), ["config"] = new JsonObject { ["is_causal"] = mask == "causal", ["enable_gqa"] = heads != shared },
                ["inputs"] = new JsonArray([.. inputs.Select(input => Written(input.Name, input.Value))]),
                ["cotangents"] = new JsonArray(Written("out", Real(2, heads, n, 3))),
                ["grads"] = new JsonArray([.. inputs.Take(3).Select(input => Written(input.Name, input.Value))]),
                ["rtol"] = 1e-9, ["atol"] = 1e-10, ["grad_atol"] = 1e-10,
            };
            // enable_gqa is not in TorchSharp; PyTorch defines it so.
            (Tensor?[] outputs, Tensor?[] gradients) = Results(row, x => [nn.functional.scaled_dot_product_attention(x[0],
                x[1].repeat_interleave(heads / shared, 1), x[2].repeat_interleave(heads / shared, 1), x.ElementAtOrDefault(3)!, 0,
                    mask == "causal")]);
            row["outputs"] = new JsonArray(Written("out", outputs[0]!));
            row["grads"] = new JsonArray([.. gradients.Select((gradient, i) => Written(inputs[i].Name, gradient!))]);
            yield return row;
        }
}

// The outputs, and the gradients that the row has, of Σ outputs · cotangents.
(Tensor?[] Outputs, Tensor?[] Gradients) Results(JsonObject row, Func<Tensor[], Tensor?[]> function)
{
    JsonObject[] inputs = [.. row["inputs"]!.AsArray().Select(input => input!.AsObject())];
    Tensor[] leaves = [.. inputs.Select(Read)];
    Tensor[] wanted = [.. row["grads"]!.AsArray()
        .Select(gradient => leaves[Array.FindIndex(inputs, input => (string)input["name"]! == (string)gradient!["name"]!)])];
    foreach (Tensor leaf in wanted) leaf.requires_grad_();
    Tensor?[] outputs = function(leaves);
    if (wanted.Length == 0) return (outputs, []);
    Tensor loss = zeros(1, ScalarType.Float64);
    for (int i = 0; i < outputs.Length; i++)
        if (row["cotangents"]![i] is { } cotangent && outputs[i] is { } output) loss += (output * Read(cotangent.AsObject())).sum();
    if (!loss.requires_grad) return (outputs, []);
    loss.backward();
    return ([.. outputs.Select(output => output?.detach())], [.. wanted.Select(leaf => leaf.grad ?? zeros_like(leaf))]);
}

static Tensor Real(params long[] shape) => (randn(shape, ScalarType.Float64) * 1e4).round() / 1e4;

// TorchSharp takes differences once.
static Tensor Differences(Tensor[] t, long n, long dim)
{
    Tensor y = diff(t[0], 1, dim, t.ElementAtOrDefault(1)!, t.ElementAtOrDefault(2)!);
    while (--n > 0) y = diff(y, 1, dim);
    return y;
}

static Tensor Read(JsonObject written)
{
    double[] data = [.. written["data"]!.AsArray().Select(Number)];
    long[] shape = [.. written["shape"]!.AsArray().Select(size => (long)size!)];
    ScalarType type = (string)written["dtype"]! switch
    {
        "int64" => ScalarType.Int64,
        "bool" => ScalarType.Bool,
        "float32" => ScalarType.Float32,
        _ => ScalarType.Float64,
    };
    return tensor(data).reshape(shape).to_type(type);
}

static double Number(JsonNode? value) => value!.GetValueKind() == JsonValueKind.Number ? (double)value : (string)value! switch
{
    "NaN" => double.NaN,
    "Infinity" => double.PositiveInfinity,
    _ => double.NegativeInfinity,
};

static JsonObject Written(string name, Tensor value) => new()
{
    ["name"] = name, ["dtype"] = value.dtype.ToString().ToLowerInvariant(),
        ["shape"] = new JsonArray([.. value.shape.Select(size => (JsonNode)size)]),
    ["data"] = new JsonArray([.. value.detach().to_type(ScalarType.Float64).contiguous().data<double>().Select(number => (JsonNode)number)]),
};

static long Whole(JsonObject config, string name, long otherwise) => (long?)config[name] ?? otherwise;

static bool Flag(JsonObject config, string name) => (bool?)config[name] ?? false;

static long[] Sizes(JsonObject config, string name) => [.. config[name]!.AsArray().Select(size => (long)size!)];

static Tensor?[] Both((Tensor First, Tensor Second) pair) => [pair.First, pair.Second];

static Tensor?[] Three((Tensor First, Tensor Second, Tensor Third) triple) => [triple.First, triple.Second, triple.Third];
