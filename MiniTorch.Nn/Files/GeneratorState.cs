namespace MiniTorch.IO;

/// <summary>A generator as a checkpoint holds it: the bytes of its state as one tensor.</summary>
internal sealed record GeneratorState(Generator Generator) : IStateful
{
    private const string Name = "state";

    public OrderedDictionary<string, Tensor> StateDict() => new() { [Name] = ToTensor(Generator) };

    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        if (state.Count != 1 || !state.TryGetValue(Name, out Tensor? bytes)) throw new ValueException($"Generator: the state must hold '{Name}' alone, not {string.Join(", ", state.Keys)}");
        Load(Generator, bytes);
    }

    /// <summary>The state's bytes, one an element.</summary>
    public static Tensor ToTensor(Generator generator) => Tensor.From(generator.GetState());

    /// <summary>Continues from <see cref="ToTensor"/>'s.</summary>
    /// <exception cref="ValueException">It is no such state; the generator is left as it was.</exception>
    public static void Load(Generator generator, Tensor bytes)
    {
        if (bytes.DType != DType.Int64 || bytes.Rank != 1) throw new ValueException($"Generator: a state is a row of bytes, not {bytes.DType} of shape {bytes.Shape}");
        generator.SetState([.. bytes.ToArray<long>().Select(value => value is >= 0 and <= byte.MaxValue ? (byte)value : throw new ValueException($"Generator: the state holds {value}, which is no byte"))]);
    }
}
