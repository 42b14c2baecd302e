namespace MiniTorch.Tests.Files;

/// <summary>Hands on what is written until a given byte is reached, and then breaks.</summary>
/// <param name="inner">Where it is written to.</param>
/// <param name="place">How many bytes are handed on.</param>
/// <param name="onBreak">What happens then.</param>
internal sealed class BreakingStream(Stream inner, long place, Action onBreak) : MemoryStream
{
    private long _left = place;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        int count = (int)Math.Min(_left, buffer.Length);
        inner.Write(buffer[..count]);
        _left -= count;
        if (count == buffer.Length) return;
        inner.Flush();
        onBreak();
    }
}
