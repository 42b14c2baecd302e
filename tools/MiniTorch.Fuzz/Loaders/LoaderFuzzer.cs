namespace MiniTorch.Fuzz.Loaders;

/// <summary>An input that a reader does not take as it should.</summary>
internal sealed record LoaderFault(FileFormat Format, long Number, byte[] File, string Problem);

/// <summary>
/// Reads drawn and damaged files: each gives tensors or the documented error, and cannot make its reader allocate much more than it weighs.
/// </summary>
internal sealed class LoaderFuzzer(FileFormat format, int seed)
{
    public long Refused { get; private set; }

    /// <summary>The most bytes allocated for each byte of a file, <see cref="FileFormat.FixedBytes"/> left out.</summary>
    public double WorstRatio { get; private set; }

    /// <summary>The faults among inputs <paramref name="from"/> … <paramref name="from"/> + <paramref name="count"/> − 1.</summary>
    public IEnumerable<LoaderFault> Run(long from, long count)
    {
        for (long number = from; number < from + count; number++)
        {
            byte[] file = Input(number);
            if (Check(file) is { } problem) yield return new LoaderFault(format, number, file, problem);
        }
    }

    /// <summary>Input number <paramref name="number"/>: drawn from the grammar, and damaged half of the time.</summary>
    public byte[] Input(long number)
    {
        var random = new Random(HashCode(number));
        byte[] file = format.Draw(random);
        return random.OneIn(2) ? Mutation.Damage(file, random) : file;
    }

    /// <summary>Reads a file and says what is wrong with how that went; null where nothing is.</summary>
    public string? Check(byte[] file)
    {
        Action check = format.Watch();
        long managed = GC.GetAllocatedBytesForCurrentThread(), native = BufferPool.RentedBytes;
        try
        {
            check = format.Read(file);
        }
        catch (Exception error) when (format.IsRefusal(error))
        {
            Refused++;
        }
        catch (Exception error)
        {
            return error.ToString();
        }
        // Fewer native bytes may be rented than before where unreachable ones were found meanwhile.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - managed + Math.Max(0, BufferPool.RentedBytes - native);
        long allowed = format.FixedBytes + ((long)format.BytesPerByte * file.Length);
        WorstRatio = Math.Max(WorstRatio, (double)(allocated - format.FixedBytes) / Math.Max(1, file.Length));
        if (allocated > allowed) return $"{allocated:N0} bytes were allocated for a file of {file.Length:N0}; {allowed:N0} are allowed";
        try
        {
            check();
            return null;
        }
        catch (Exception error)
        {
            return error.ToString();
        }
    }

    // The same on every machine, as System.HashCode is not.
    private int HashCode(long number) => unchecked((int)((((ulong)number + 1) * 0x9E3779B97F4A7C15 + (ulong)seed * 0xC2B2AE3D27D4EB4F) >> 33));
}
