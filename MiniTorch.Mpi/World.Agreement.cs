using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MiniTorch.Mpi;

public sealed partial class World
{
    private const string SameCalls = "All ranks must make the same calls in the same order";

    /// <summary>
    /// Waits for all ranks and throws if they do not say the same. The message names the first line in which a rank differs from the root.
    /// </summary>
    /// <param name="call">The call and whatever must be equal, in one or several lines.</param>
    /// <param name="help">What to do if the ranks make the same call but differ in what must be equal.</param>
    internal void Agree(string call, string help = SameCalls)
    {
        if (_isDisposed) throw new WorldException($"{call.Split('\n')[0]}: this world was disposed of; keep it until the last call");
        _messages.Doing = call.Split('\n')[0];
        if (Size == 1) return;

        // Smallest and largest of the hashes: rounds of doubling distance, after which every rank has heard of every other.
        long hash = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(call)));
        (long low, long high) = (hash, hash);
        Tensor heard = Tensor.Zeros([2], DType.Int64);
        for (int distance = 1; distance < Size; distance *= 2)
        {
            _messages.Exchange(Tensor.From([low, high]), (Rank + distance) % Size, heard, (Rank - distance + Size) % Size);
            long[] theirs = heard.ToArray<long>();
            (low, high) = (Math.Min(low, theirs[0]), Math.Max(high, theirs[1]));
        }
        if (low != high) throw Disagreement(AllTexts(call), help);
    }

    private static WorldException Disagreement(string[] texts, string help)
    {
        string[] root = texts[0].Split('\n');
        int other = Array.FindIndex(texts, text => text != texts[0]);
        string[] lines = texts[other].Split('\n');
        int place = 0;
        while (place < root.Length && place < lines.Length && root[place] == lines[place]) place++;
        return new WorldException($"The ranks differ{(place > 0 ? $" in {root[0]}" : "")}:\n"
            + $"  rank 0: {Line(root)}\n  rank {other}: {Line(lines)}\n{(place > 0 ? help : SameCalls)}");

        string Line(string[] of) => place < of.Length ? of[place] : "nothing more";
    }

    private string[] AllTexts(string own)
    {
        long[] bytes = [.. Encoding.UTF8.GetBytes(own).Select(value => (long)value)];
        long[] lengths = Ring(Tensor.From([(long)bytes.Length])).ToArray<long>();
        Tensor padded = Tensor.Zeros([(int)lengths.Max()], DType.Int64);
        padded[..bytes.Length] = Tensor.From(bytes);
        Tensor all = Ring(padded);
        return [.. lengths.Select((length, rank) =>
            Encoding.UTF8.GetString([.. all[rank].ToArray<long>()[..(int)length].Select(value => (byte)value)]))];
    }
}
