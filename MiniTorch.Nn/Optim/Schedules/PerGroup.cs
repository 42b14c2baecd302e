using System.Runtime.CompilerServices;

namespace MiniTorch.Optim;

/// <summary>A number for all groups of an optimiser, <c>0.1</c>, or one for each in their order, <c>[0.1, 0.01]</c>.</summary>
[CollectionBuilder(typeof(PerGroup), nameof(Create))]
public readonly record struct PerGroup
{
    private readonly double[]? _values;

    private PerGroup(double[] values)
    {
        _values = values;
    }

    /// <summary>The numbers.</summary>
    public IReadOnlyList<double> Values => _values ?? [];

    /// <summary>Creates one number for all groups.</summary>
    public static implicit operator PerGroup(double value) => Create([value]);

    /// <summary>Creates a number for each group.</summary>
    public static PerGroup Create(ReadOnlySpan<double> values) => new(values.ToArray());

    /// <summary>Enumerates the numbers.</summary>
    public IEnumerator<double> GetEnumerator() => Values.GetEnumerator();
}
