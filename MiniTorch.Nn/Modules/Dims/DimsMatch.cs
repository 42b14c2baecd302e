using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>Matches the shapes of one call against its patterns; the first argument with a name binds it.</summary>
internal ref struct DimsMatch(string op, ReadOnlySpan<(string Name, DimsPattern? Pattern)> parameters, ReadOnlySpan<Tensor?> tensors)
{
    private readonly ReadOnlySpan<(string Name, DimsPattern? Pattern)> _parameters = parameters;
    private readonly ReadOnlySpan<Tensor?> _tensors = tensors;
    private Bindings _bindings;
    private int _count = 0;
    private (int Parameter, int Dimension) _furthest = (-1, -2);
    private string _mismatch = "";

    /// <summary>The sizes that a name stands for in this call: sizes from <paramref name="Start"/> on of a parameter's shape.</summary>
    private readonly record struct Binding(string Name, int Parameter, int Start, int Length);

    // Inline, because every call of a module creates one.
    [InlineArray(Capacity)]
    private struct Bindings
    {
        private Binding _first;
    }

    private const int Capacity = 16;

    /// <summary>Throws if the shapes do not fit.</summary>
    /// <exception cref="ShapeException">A shape fits no alternative of its pattern, given what the names stand for.</exception>
    public void Check()
    {
        if (!FitsFrom(0)) throw new ShapeException($"{op}: {_mismatch}");
    }

    // Whether the parameters from this one on fit. Backtracks if an alternative leaves a later parameter without a fit.
    private bool FitsFrom(int parameter)
    {
        while (parameter < _parameters.Length && (_parameters[parameter].Pattern is null || _tensors[parameter] is null)) parameter++;
        if (parameter == _parameters.Length) return true;
        int bound = _count;
        foreach (DimsPattern.Token[] alternative in _parameters[parameter].Pattern!.Alternatives)
        {
            if (Fits(parameter, alternative) && FitsFrom(parameter + 1)) return true;
            _count = bound;
        }
        return false;
    }

    private bool Fits(int parameter, DimsPattern.Token[] alternative)
    {
        Shape shape = _tensors[parameter]!.Shape;
        int several = Array.FindIndex(alternative, token => token.Kind == DimsPattern.Kind.Several);
        int rest = shape.Rank - (several < 0 ? alternative.Length : alternative.Length - 1);
        if (rest < 0 || (several < 0 && rest > 0)) return Fail(parameter, -1, $"has {shape.Rank} dimension{(shape.Rank == 1 ? "" : "s")}");
        int at = 0;
        foreach (DimsPattern.Token token in alternative)
        {
            int length = token.Kind == DimsPattern.Kind.Several ? rest : 1;
            switch (token.Kind)
            {
                case DimsPattern.Kind.Number when shape[at] != token.Size:
                    return Fail(parameter, at, $"has {shape[at]} in dimension {at}, not {token.Size}");
                case DimsPattern.Kind.Name or DimsPattern.Kind.Several when !Bind(token.Name, parameter, at, length):
                    return false;
            }
            at += length;
        }
        return true;
    }

    private bool Bind(string name, int parameter, int start, int length)
    {
        ReadOnlySpan<int> sizes = _tensors[parameter]!.Shape.Span.Slice(start, length);
        for (int i = 0; i < _count; i++)
        {
            Binding binding = _bindings[i];
            if (binding.Name != name) continue;
            ReadOnlySpan<int> other = _tensors[binding.Parameter]!.Shape.Span.Slice(binding.Start, binding.Length);
            return sizes.SequenceEqual(other)
                || Fail(parameter, start, $"has {name} = {Text(sizes, name)}, and {_parameters[binding.Parameter].Name} "
                + $"{_tensors[binding.Parameter]!.Shape} has {name} = {Text(other, name)}");
        }
        if (_count == Capacity)
            throw new ValueException($"{op}: more than {Capacity} names in the shapes of one call; use _ where a size need not be the same "
                + "elsewhere");
        _bindings[_count++] = new(name, parameter, start, length);
        return true;
    }

    private static string Text(ReadOnlySpan<int> sizes, string name) => name.StartsWith('.') ? Shape.Format(sizes) : $"{sizes[0]}";

    // Reports the alternative that matched the most dimensions.
    private bool Fail(int parameter, int dimension, string what)
    {
        if ((parameter, dimension).CompareTo(_furthest) > 0)
            (_furthest, _mismatch) = ((parameter, dimension),
                $"{_parameters[parameter].Name} {_tensors[parameter]!.Shape} {what}; declared as \"{_parameters[parameter].Pattern}\"");
        return false;
    }
}
