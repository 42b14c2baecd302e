using System.Buffers.Binary;
using System.Security.Cryptography;
using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>
/// Generates the random numbers of PyTorch's CPU generator, bit for bit: the same seed and the same calls in the same order give the same numbers
/// (torch.Generator).
/// </summary>
/// <example><code>
/// var rng = new Generator(42); // torch.Generator().manual_seed(42)
/// Tensor x = Tensor.Randn([2, 3], rng);
/// Console.WriteLine($"{x[0, 0].Item&lt;float&gt;():F4}"); // 0.3367
/// </code></example>
/// <remarks>
/// Every method holds a lock, as in PyTorch, so threads can share a generator. Which thread gets which numbers then depends on timing; for
/// reproducible results give each thread its own generator.
/// </remarks>
public sealed partial class Generator
{
    /// <summary>The seed of a generator that is created without one (default_rng_seed_val in PyTorch).</summary>
    public const long DefaultSeed = 67280421310721;

    const int HeaderBytes = 30, StateBytes = HeaderBytes + MersenneTwister.Size * sizeof(uint);

    readonly Lock _gate = new();
    readonly TorchStream _own;
    long _seed;

    /// <summary>Creates a generator (torch.Generator().manual_seed(seed)).</summary>
    /// <param name="seed">Any number; as in PyTorch, only the lowest 32 bits matter.</param>
    public Generator(long seed = DefaultSeed)
    {
        _seed = seed;
        _own = new TorchStream((uint)seed);
    }

    /// <summary>
    /// The generator of all calls that are given none (torch.default_generator); its seed is random until <see cref="ManualSeed"/> is called.
    /// </summary>
    public static Generator Default { get; } = new(BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long))));

    /// <summary>Seeds the <see cref="Default"/> generator and returns it (torch.manual_seed).</summary>
    /// <inheritdoc cref="Generator(long)" path="/param"/>
    public static Generator ManualSeed(long seed)
    {
        Default.Reseed(seed);
        return Default;
    }

    /// <summary>The seed that was set last (torch.Generator.initial_seed).</summary>
    public long Seed
    {
        get
        {
            lock (_gate)
                return _seed;
        }
    }

    /// <summary>Restarts the generator with a seed (torch.Generator.manual_seed).</summary>
    /// <inheritdoc cref="Generator(long)" path="/param"/>
    public void Reseed(long seed)
    {
        lock (_gate)
        {
            _seed = seed;
            Stream.Words.Seed((uint)seed);
            Stream.WaitingNormal = null;
        }
    }

    /// <summary>Returns the state, from which <see cref="SetState"/> continues with the same numbers (torch.Generator.get_state).</summary>
    /// <returns>2526 bytes, little-endian: "MTRNG" and the version 1; the seed (int64); words used of the current block (int64);
    /// the cached second normal of a Box–Muller pair (float64, NaN for none); the 624 words of the Mersenne Twister (uint32).</returns>
    public byte[] GetState()
    {
        lock (_gate)
        {
            var state = new byte[StateBytes];
            Signature.CopyTo(state);
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(6), _seed);
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(14), Stream.Words.Position);
            BinaryPrimitives.WriteDoubleLittleEndian(state.AsSpan(22), Stream.WaitingNormal ?? double.NaN);
            for (int i = 0; i < MersenneTwister.Size; i++)
                BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(HeaderBytes + i * sizeof(uint)), Stream.Words.State[i]);
            return state;
        }
    }

    /// <summary>Restores a state that <see cref="GetState"/> returned (torch.Generator.set_state).</summary>
    /// <param name="state">The bytes of <see cref="GetState"/>.</param>
    /// <exception cref="ValueException">The bytes are not a valid state; the generator is unchanged.</exception>
    public void SetState(ReadOnlySpan<byte> state)
    {
        if (state.Length != StateBytes || !state.StartsWith(Signature))
            throw Invalid($"{state.Length} bytes are not a state of this version; expected {StateBytes} bytes from Generator.GetState");
        long position = BinaryPrimitives.ReadInt64LittleEndian(state[14..]);
        if (position is < 0 or > MersenneTwister.Size)
            throw Invalid($"the state claims {position} used words of a block of {MersenneTwister.Size}");
        double normal = BinaryPrimitives.ReadDoubleLittleEndian(state[22..]);
        if (double.IsInfinity(normal))
            throw Invalid(FormattableString.Invariant($"the state's cached normal number is {normal}"));
        var words = new uint[MersenneTwister.Size];
        for (int i = 0; i < words.Length; i++)
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(state[(HeaderBytes + i * sizeof(uint))..]);
        if (!words.AsSpan().ContainsAnyExcept(0u))
            throw Invalid("the state's words are all zero, from which only zeros follow");

        lock (_gate)
        {
            _seed = BinaryPrimitives.ReadInt64LittleEndian(state[6..]);
            Stream.Words.Restore(words, (int)position);
            Stream.WaitingNormal = double.IsNaN(normal) ? null : normal;
        }
    }

    TorchStream Stream => RandomDraws.StreamOf(this, _own);

    static ReadOnlySpan<byte> Signature => "MTRNG\x01"u8;

    static ValueException Invalid(string reason) => new($"Generator.SetState: {reason}.");
}
