using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace MiniTorch.Fuzz.Engine;

/// <summary>
/// A way to go on with a program. A rule is written once, as a lambda: the compiler hands over its text, from which the program's C# is made.
/// Its parameters are called x, a, b, w … for tensors and dim, i, j for numbers that are drawn.
/// </summary>
internal sealed record OpRule(string Text, Action<Draft> Draw)
{
    /// <summary>One tensor of any real type.</summary>
    public static OpRule Unary(Func<Tensor, Tensor> f, [CallerArgumentExpression(nameof(f))] string text = "") => Where(_ => true, f, text);

    /// <summary>One tensor of real type that fits.</summary>
    public static OpRule Where(Func<Tensor, bool> fits, Func<Tensor, Tensor> f, [CallerArgumentExpression(nameof(f))] string text = "") =>
        new(text, draft =>
    {
        int x = draft.Pick(value => value.DType.IsFloat() && fits(value));
        if (x >= 0) draft.Operation([x], v => f(v[0]), Code(text, ["{0}"]));
    });

    /// <summary>One tensor of any type, and a dimension of it.</summary>
    public static OpRule Dim(Func<Tensor, int, Tensor> f, int leastSize = 0, [CallerArgumentExpression(nameof(f))] string text = "") =>
        new(text, draft =>
    {
        int x = draft.Pick(value => value.Rank > 0 && (leastSize == 0 || value.DType.IsFloat()) && value.Shape.All(size => size >= leastSize));
        if (x < 0) return;
        int dim = draft.Next(draft[x].Rank);
        draft.Operation([x], v => f(v[0], dim), Code(text, ["{0}", $"{dim}"]));
    });

    /// <summary>One tensor of real type, a dimension of it, and two places in it: 0 ≤ i &lt; j ≤ its size.</summary>
    public static OpRule Range(Func<Tensor, int, int, int, Tensor> f, [CallerArgumentExpression(nameof(f))] string text = "") => new(text, draft =>
    {
        int x = draft.Pick(value => value.Rank > 0 && value.ElementCount > 0 && value.DType.IsFloat());
        if (x < 0) return;
        int dim = draft.Next(draft[x].Rank), i = draft.Next(draft[x].Shape[dim]), j = draft[x].Shape[dim] - draft.Next(draft[x].Shape[dim] - i);
        draft.Operation([x], v => f(v[0], dim, i, j), Code(text, ["{0}", $"{dim}", $"{i}", $"{j}"]));
    });

    /// <summary>One tensor of any type and numbers that are worked out from its shape.</summary>
    public static OpRule Sizes(Func<Tensor, Draft, int[]?> draw, Func<Tensor, int[], Tensor> f,
        [CallerArgumentExpression(nameof(f))] string text = "") => new(text, draft =>
    {
        int x = draft.Pick(_ => true);
        if (x >= 0 && draw(draft[x], draft) is { } sizes) draft.Operation([x], v => f(v[0], sizes), Code(text, ["{0}", $"[{Draft.Text(sizes)}]"]));
    });

    /// <summary>Two tensors that fit together, of one real type; where types may mix, of any two.</summary>
    public static OpRule Binary(Func<Tensor, Tensor, Tensor> f, Func<Tensor, Tensor, bool>? fit = null, bool mixes = false,
        [CallerArgumentExpression(nameof(f))] string text = "") => new(text, draft =>
    {
        int a = draft.Pick(value => value.DType.IsFloat());
        if (a < 0) return;
        bool anyType = mixes && draft.MayMix;
        int b = draft.Pick(value => (anyType || value.DType == draft[a].DType) && (fit ?? Broadcasts)(draft[a], value));
        if (b >= 0) draft.Operation([a, b], v => f(v[0], v[1]), Code(text, ["{0}", "{1}"]));
    });

    /// <summary>A tensor of real type and new inputs of shapes that are worked out from its own.</summary>
    public static OpRule Weighted(Func<Tensor, Draft, int[][]?> shapes, Func<Tensor, Tensor[], Tensor> f,
        [CallerArgumentExpression(nameof(f))] string text = "") => new(text, draft =>
    {
        int x = draft.Pick(value => value.DType.IsFloat() && value.Rank > 0);
        if (x < 0 || shapes(draft[x], draft) is not { } wanted) return;
        int[] weights = [.. wanted.Select(sizes => draft.Input(sizes, draft[x].DType))];
        string code = Code(text, ["{0}", "w"]);
        for (int i = 0; i < weights.Length; i++) code = code.Replace($"w[{i}]", $"{{{i + 1}}}", StringComparison.Ordinal);
        draft.Operation([x, .. weights], v => f(v[0], v[1..]), code);
    });

    /// <summary>A tensor of real type, a dimension of it, and indices into that: of one dimension, or of the tensor's shape.</summary>
    public static OpRule Indexed(Func<Tensor, int, Tensor, Tensor> f, bool isVector, [CallerArgumentExpression(nameof(f))] string text = "") =>
        new(text, draft =>
    {
        int x = draft.Pick(value => value.Rank > 0 && value.ElementCount > 0 && value.DType.IsFloat());
        if (x < 0) return;
        int dim = draft.Next(draft[x].Rank), size = draft[x].Shape[dim], seed = draft.Next(1000);
        Shape shape = isVector ? [size] : draft[x].Shape;
        int index = draft.Constant(() => Tensor.RandInt(0, size, shape, new Generator(seed)),
            $"Tensor.RandInt(0, {size}, {shape}, new Generator({seed}))");
        draft.Operation([x, index], v => f(v[0], dim, v[1]), Code(text, ["{0}", $"{dim}", "{1}"]));
    });

    /// <summary>A tensor of real type and a mask of its shape.</summary>
    public static OpRule Masked(Func<Tensor, Tensor, Tensor> f, [CallerArgumentExpression(nameof(f))] string text = "") => new(text, draft =>
    {
        int x = draft.Pick(value => value.DType.IsFloat() && value.Rank > 0);
        if (x < 0) return;
        (Shape shape, int seed) = (draft[x].Shape, draft.Next(1000));
        int mask = draft.Constant(() => Tensor.RandInt(0, 2, shape, new Generator(seed)).Eq(1),
            $"Tensor.RandInt(0, 2, {shape}, new Generator({seed})).Eq(1)");
        draft.Operation([x, mask], v => f(v[0], v[1]), Code(text, ["{0}", "{1}"]));
    });

    // Only where the result is not far larger than what a program keeps: [90000] and [90000, 1] would make 64 GB.
    private static bool Broadcasts(Tensor a, Tensor b)
    {
        long count = 1;
        for (int i = 1; i <= Math.Max(a.Rank, b.Rank); i++)
        {
            int left = i <= a.Rank ? a.Shape[^i] : 1, right = i <= b.Rank ? b.Shape[^i] : 1;
            if (left != right && left != 1 && right != 1) return false;
            count *= Math.Max(left, right);
        }
        return count <= Draft.MaxIntermediate;
    }

    // The body of the lambda "(x, dim) => x.Sum(dim)", its parameters replaced.
    private static string Code(string lambda, string[] arguments)
    {
        string[] sides = lambda.Split("=>", 2);
        string[] parameters = sides[0].Trim(' ', '(', ')').Split(", ");
        string body = sides[1].Trim();
        for (int i = 0; i < parameters.Length; i++) body = Regex.Replace(body, $@"\b{parameters[i]}\b(?!\()", arguments[i]);
        return body;
    }
}
