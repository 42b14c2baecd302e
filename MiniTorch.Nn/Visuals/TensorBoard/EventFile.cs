using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace MiniTorch.Nn;

/// <summary>
/// An event file as TensorBoard reads it: records of a length, its checksum, an Event message and its checksum
/// (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto). Each record reaches the file at once, so that TensorBoard can follow a
/// run.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    /// <summary>Creates a file in a folder; its name contains the time, so that the runs in one folder do not meet.</summary>
    public EventFile(string folder, TimeProvider clock)
    {
        _clock = clock;
        Directory.CreateDirectory(folder);
        string name = string.Create(CultureInfo.InvariantCulture,
            $"events.out.tfevents.{clock.GetUtcNow().ToUnixTimeSeconds()}.{Environment.MachineName}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        _file = new FileStream(Path.Join(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(new ProtoMessage().Real(1, Now()).Text(3, "brain.Event:2"));
    }

    /// <summary>Writes one value of a summary.</summary>
    public void Write(long step, ProtoMessage value) =>
        Write(new ProtoMessage().Real(1, Now()).Integer(2, step).Message(5, new ProtoMessage().Message(1, value)));

    public void Dispose() => _file.Dispose();

    private double Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private void Write(ProtoMessage message)
    {
        Span<byte> prefix = stackalloc byte[12], suffix = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, message.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix[8..], Checksum(prefix[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(suffix, Checksum(message.Bytes));
        _file.Write(prefix);
        _file.Write(message.Bytes);
        _file.Write(suffix);
        _file.Flush();
    }

    // CRC-32C, masked because checksums of data that contain checksums are weak (tensorflow/core/lib/hash/crc32c.h).
    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }
}
