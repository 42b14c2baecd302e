namespace MiniTorch.Fuzz.Engine;

/// <summary>
/// The numbers that a program is made from. Drawn at random and remembered, or given: any numbers make a valid program, smaller and fewer ones a
/// simpler one, so that a program is shrunk by shrinking its choices.
/// </summary>
internal sealed class Choices
{
    private const int MeanLength = 20;

    private readonly Random? _random;
    private readonly IReadOnlyList<int> _given = [];
    private readonly List<int> _made = [];

    public Choices(int seed)
    {
        _random = new Random(seed);
    }

    public Choices(IReadOnlyList<int> given)
    {
        _given = given;
    }

    /// <summary>What was chosen so far.</summary>
    public IReadOnlyList<int> Made => _made;

    /// <summary>A number from 0, the simplest, to <paramref name="count"/> − 1; 0 where given ones have run out.</summary>
    public int Next(int count) => Note(_random?.Next(count) ?? Given()) % count;

    /// <summary>True once in <paramref name="count"/> times.</summary>
    public bool OneIn(int count) => Next(count) == count - 1;

    /// <summary>Whether to go on; random programs do so at least until they are long enough.</summary>
    public bool More(bool isLongEnough) => Note(_random is null ? Given() : isLongEnough ? _random.Next(MeanLength) : 1) > 0;

    private int Given() => _made.Count < _given.Count ? _given[_made.Count] : 0;

    private int Note(int choice)
    {
        _made.Add(choice);
        return choice;
    }
}
