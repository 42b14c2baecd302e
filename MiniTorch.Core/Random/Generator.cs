using System.Buffers.Binary;
using System.Security.Cryptography;
using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>
/// A source of random numbers that gives, bit for bit, the stream of PyTorch's CPU generator (torch.Generator): the same seed and
/// the same calls in the same order make the same numbers.
/// </summary>
/// <remarks>
/// Every method holds a lock for its duration, as PyTorch's do, so generators may be shared between threads; which thread then gets
/// which numbers depends on their timing. For reproducible threads give each its own generator.
/// </remarks>
public sealed partial class Generator
{
    /// <summary>The seed of a generator made without one (c10::detail's default_rng_seed_val).</summary>
    public const long DefaultSeed = 67280421310721;

    const int HeaderBytes = 30, StateBytes = HeaderBytes + MersenneTwister.Size * sizeof(uint);

    readonly Lock _gate = new();
    readonly TorchStream _stream;
    long _seed;

    /// <summary>Makes a generator (torch.Generator().manual_seed(seed)).</summary>
    /// <param name="seed">Any number; as in PyTorch only the lowest 32 bits decide the stream.</param>
    public Generator(long seed = DefaultSeed)
    {
        _seed = seed;
        _stream = new TorchStream((uint)seed);
    }

    /// <summary>The generator of calls that are given none (torch.default_generator), seeded unpredictably until <see cref="ManualSeed"/>.</summary>
    public static Generator Default { get; } = new(BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long))));

    /// <summary>Seeds the <see cref="Default"/> generator and returns it (torch.manual_seed).</summary>
    /// <inheritdoc cref="Generator(long)" path="/param"/>
    public static Generator ManualSeed(long seed)
    {
        Default.Reseed(seed);
        return Default;
    }

    /// <summary>The seed last given (torch.Generator.initial_seed).</summary>
    public long Seed
    {
        get
        {
            lock (_gate)
                return _seed;
        }
    }

    /// <summary>Starts the stream of <paramref name="seed"/> afresh (torch.Generator.manual_seed).</summary>
    /// <inheritdoc cref="Generator(long)" path="/param"/>
    public void Reseed(long seed)
    {
        lock (_gate)
        {
            _seed = seed;
            _stream.Words.Seed((uint)seed);
            _stream.WaitingNormal = null;
        }
    }

    /// <summary>All that decides the numbers to come (torch.Generator.get_state), for <see cref="SetState"/>.</summary>
    /// <returns>2526 bytes, little-endian: "MTRNG" and the version 1; the seed (int64); words used of the current block (int64);
    /// the cached second normal of a Box–Muller pair (float64, NaN for none); the 624 words of the Mersenne Twister (uint32).</returns>
    public byte[] GetState()
    {
        lock (_gate)
        {
            var state = new byte[StateBytes];
            Signature.CopyTo(state);
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(6), _seed);
            BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(14), _stream.Words.Position);
            BinaryPrimitives.WriteDoubleLittleEndian(state.AsSpan(22), _stream.WaitingNormal ?? double.NaN);
            for (int i = 0; i < MersenneTwister.Size; i++)
                BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(HeaderBytes + i * sizeof(uint)), _stream.Words.State[i]);
            return state;
        }
    }

    /// <summary>Continues from a state that <see cref="GetState"/> saved (torch.Generator.set_state).</summary>
    /// <param name="state">The bytes of <see cref="GetState"/>.</param>
    /// <exception cref="ValueException">The bytes are no such state; the generator is left as it was.</exception>
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
            _stream.Words.Restore(words, (int)position);
            _stream.WaitingNormal = double.IsNaN(normal) ? null : normal;
        }
    }

    static ReadOnlySpan<byte> Signature => "MTRNG\x01"u8;

    static ValueException Invalid(string reason) => new($"Generator.SetState: {reason}.");
}
