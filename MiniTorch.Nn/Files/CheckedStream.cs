namespace MiniTorch.IO;

/// <summary>
/// Reads a stream forward and computes the CRC-32 of what was read, as zip archives note it (ISO 3309, reflected polynomial EDB88320).
/// </summary>
internal sealed class CheckedStream(Stream source) : Stream
{
    private static readonly uint[] s_table = Table();

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of all bytes read so far.</summary>
    public uint Crc32 => ~_state;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _state = Update(_state, buffer[..count]);
        return count;
    }

    /// <summary>Continues a checksum, which begins with all bits set and is inverted at the end.</summary>
    public static uint Update(uint state, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data) state = (state >> 8) ^ s_table[(byte)state ^ value];
        return state;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) source.Dispose();
        base.Dispose(disposing);
    }

    private static uint[] Table()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++) value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0xEDB88320;
            table[i] = value;
        }
        return table;
    }
}
