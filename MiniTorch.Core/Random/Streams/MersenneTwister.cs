using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>
/// MT19937 (Matsumoto and Nishimura, 1998), the engine under PyTorch's CPU generator and NumPy's RandomState. Words are computed a
/// block at a time, with vectors.
/// </summary>
internal sealed class MersenneTwister
{
    /// <summary>The number of words in the state and in a block.</summary>
    internal const int Size = 624;

    const int Shift = 397;
    const uint UpperBit = 0x80000000, LowerBits = 0x7fffffff, Matrix = 0x9908b0df;

    readonly uint[] _state = new uint[Size];
    readonly uint[] _block = new uint[Size];
    int _position;

    internal MersenneTwister(uint seed) => Seed(seed);

    /// <summary>Starts with a seed (init_genrand in the reference implementation).</summary>
    internal void Seed(uint seed)
    {
        _state[0] = seed;
        for (int i = 1; i < Size; i++)
            _state[i] = 1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30)) + (uint)i;
        _position = Size;
    }

    /// <summary>The state, from which the next block is computed.</summary>
    internal ReadOnlySpan<uint> State => _state;

    /// <summary>The number of words of the current block that were used.</summary>
    internal int Position => _position;

    /// <summary>Continues from a saved <see cref="State"/> and <see cref="Position"/>, validated by the caller.</summary>
    internal void Restore(ReadOnlySpan<uint> state, int position)
    {
        state.CopyTo(_state);
        _position = position;
        Temper();
    }

    /// <summary>The next 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Next32()
    {
        if (_position == Size)
            NextBlock();
        return _block[_position++];
    }

    /// <summary>The next 64 bits, the high word first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Next64()
    {
        ulong high = Next32();
        return high << 32 | Next32();
    }

    /// <summary>The next words, at most <paramref name="count"/> and as many as the current block still holds, rounded down to a
    /// multiple of <paramref name="multiple"/>; empty only where the block's rest is shorter than that.</summary>
    internal ReadOnlySpan<uint> Take(int count, int multiple = 1)
    {
        if (_position == Size)
            NextBlock();
        int available = Math.Min(count, Size - _position);
        var words = _block.AsSpan(_position, available - available % multiple);
        _position += words.Length;
        return words;
    }

    void NextBlock()
    {
        // The first words look ahead to old state, the others back to words made a moment ago.
        Twist(0, Size - Shift, Shift);
        Twist(Size - Shift, Size - 1, Shift - Size);
        _state[Size - 1] = _state[Shift - 1] ^ TwistWord(_state[Size - 1], _state[0]);
        _position = 0;
        Temper();
    }

    void Twist(int start, int end, int partner)
    {
        int i = start;
        for (; i + Vector256<uint>.Count <= end; i += Vector256<uint>.Count)
        {
            var mixed = Vector256.Create(_state.AsSpan(i)) & Vector256.Create(UpperBit);
            var low = Vector256.Create(_state.AsSpan(i + 1));
            mixed |= low & Vector256.Create(LowerBits);
            var odd = Vector256<uint>.Zero - (low & Vector256<uint>.One);
            (Vector256.Create(_state.AsSpan(i + partner)) ^ (mixed >>> 1) ^ (odd & Vector256.Create(Matrix))).CopyTo(_state, i);
        }
        for (; i < end; i++)
            _state[i] = _state[i + partner] ^ TwistWord(_state[i], _state[i + 1]);
    }

    static uint TwistWord(uint upper, uint lower) =>
        ((upper & UpperBit | lower & LowerBits) >> 1) ^ ((lower & 1) == 0 ? 0 : Matrix);

    void Temper()
    {
        for (int i = 0; i < Size; i += Vector256<uint>.Count)
        {
            var y = Vector256.Create(_state.AsSpan(i));
            y ^= y >>> 11;
            y ^= y << 7 & Vector256.Create(0x9d2c5680u);
            y ^= y << 15 & Vector256.Create(0xefc60000u);
            y ^= y >>> 18;
            y.CopyTo(_block, i);
        }
    }
}
