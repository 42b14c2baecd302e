using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MiniTorch.Mpi.Native;

/// <summary>Messages between two ranks: in parts, because MPI counts bytes in 32 bits, and never waiting longer than a limit.</summary>
internal sealed unsafe class Messages(int rank, TimeSpan timeout)
{
    /// <summary>The largest message.</summary>
    public const int PartBytes = 64 << 20;

    private const int NoOne = -1, Tag = 0;

    // A rank that waits gives its processor to the others, and after a while sleeps between two looks.
    private static readonly TimeSpan s_spin = TimeSpan.FromMicroseconds(50), s_yield = TimeSpan.FromMilliseconds(20);

    /// <summary>What the program is doing, for errors.</summary>
    public string Doing { get; set; } = "";

    /// <summary>Sends a contiguous tensor.</summary>
    public void Send(Tensor tensor, int to) => Parts(tensor, to, null, NoOne);

    /// <summary>Fills a contiguous tensor.</summary>
    public void Receive(Tensor tensor, int from) => Parts(null, NoOne, tensor, from);

    /// <summary>Sends a contiguous tensor to one rank and fills another from one, at the same time.</summary>
    public void Exchange(Tensor sent, int to, Tensor received, int from) => Parts(sent, to, received, from);

    private void Parts(Tensor? sent, int to, Tensor? received, int from)
    {
        long outgoing = Bytes(sent), incoming = Bytes(received);
        fixed (byte* source = &Start(sent), target = &Start(received))
            for (long offset = 0; offset == 0 || offset < Math.Max(outgoing, incoming); offset += PartBytes)
                Exchange(source + offset, Part(outgoing - offset), to, target + offset, Part(incoming - offset), from);
        GC.KeepAlive(sent);
        GC.KeepAlive(received);

        static long Bytes(Tensor? tensor) => tensor is null ? 0 : tensor.ElementCount * tensor.DType.Size();
        static ref byte Start(Tensor? tensor) => ref tensor is null ? ref MemoryMarshal.GetReference(Span<byte>.Empty) : ref tensor.Data;
        static int Part(long rest) => (int)Math.Clamp(rest, 0, PartBytes);
    }

    private void Exchange(byte* source, int outgoing, int to, byte* target, int incoming, int from)
    {
        nint receiving = 0, sending = 0;
        bool isReceiving = from != NoOne, isSending = to != NoOne;
        if (isReceiving) Check(OpenMpi.Irecv(target, incoming, OpenMpi.Byte, from, Tag, OpenMpi.World, &receiving), from);
        if (isSending) Check(OpenMpi.Isend(source, outgoing, OpenMpi.Byte, to, Tag, OpenMpi.World, &sending), to);
        long begin = Stopwatch.GetTimestamp();
        while (isReceiving || isSending)
        {
            if (isReceiving && IsDone(&receiving, from)) isReceiving = false;
            if (isSending && IsDone(&sending, to)) isSending = false;
            if (!(isReceiving || isSending)) return;
            TimeSpan waited = Stopwatch.GetElapsedTime(begin);
            if (waited > timeout)
            {
                if (isReceiving) _ = OpenMpi.Cancel(&receiving); // a late message must not be written into memory that is used again
                throw new WorldException($"rank {rank} waited {timeout.TotalSeconds:0.###} s for rank {(isReceiving ? from : to)} in {Doing}. "
                    + "That rank is slower than this (World.Init(timeout: …) allows more), stands still, or calls something else");
            }
            if (waited > s_yield) Thread.Sleep(1);
            else if (waited > s_spin) Thread.Yield();
        }
    }

    private bool IsDone(nint* request, int partner)
    {
        int done = 0;
        Check(OpenMpi.Test(request, &done, null), partner);
        return done != 0;
    }

    private void Check(int code, int partner)
    {
        if (code != OpenMpi.Success)
            throw new WorldException($"rank {rank}: Open MPI reports an error of a message to or from rank {partner} in {Doing}: "
                + $"{OpenMpi.Describe(code)}");
    }
}
