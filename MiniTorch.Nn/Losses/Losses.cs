using System.Collections.Concurrent;

namespace MiniTorch.Nn;

/// <summary>What a loss does if the shapes of its input and target differ, but broadcast.</summary>
public enum ShapeMismatch
{
    /// <summary>It warns on the error stream, once for each pair of shapes.</summary>
    Warn,

    /// <summary>It throws a <see cref="ShapeException"/>.</summary>
    Throw,

    /// <summary>It broadcasts silently.</summary>
    Allow,
}

/// <summary>Settings that losses share.</summary>
public static class Losses
{
    private const int MostWarnings = 20;
    private static readonly ConcurrentDictionary<string, bool> s_warned = new();

    /// <summary>
    /// What MSELoss, L1Loss, SmoothL1Loss and HuberLoss do if input and target have different shapes: a prediction of shape (N, 1) and a target of
    /// shape (N) give N² losses, almost never on purpose. By default they warn, as PyTorch does. The setting holds for the whole process.
    /// </summary>
    public static ShapeMismatch OnShapeMismatch { get; set; } = ShapeMismatch.Warn;

    /// <summary>Receives the warnings; the error stream by default. Tests replace it.</summary>
    internal static Action<string> Warning { get; set; } = message => Console.Error.WriteLine(message);

    /// <summary>Forgets which warnings were given, for tests.</summary>
    internal static void ForgetWarnings() => s_warned.Clear();

    /// <summary>Warns or throws if the shapes differ.</summary>
    internal static void CheckSameShape(string op, Tensor input, Tensor target)
    {
        if (input.Shape == target.Shape || OnShapeMismatch == ShapeMismatch.Allow) return;
        Shape losses = Shape.Broadcast(input.Shape, target.Shape, op);
        string message = $"{op}: input {input.Shape} and target {target.Shape} have different shapes and broadcast to "
            + $"{losses.ElementCount} losses, {losses}; "
            + (input.ElementCount == target.ElementCount ? $"target.Reshape({string.Join(", ", input.Shape)}) has the input's shape"
                : "make them equal");
        if (OnShapeMismatch == ShapeMismatch.Throw)
            throw new ShapeException($"{message} (Losses.OnShapeMismatch is Throw; if this is meant, use ExpandTo or set it to Allow)");
        if (s_warned.Count < MostWarnings && s_warned.TryAdd(message, true))
            Warning($"MiniTorch warning: {message}. If this is meant, set Losses.OnShapeMismatch to Allow; Throw makes it an error.");
    }
}
