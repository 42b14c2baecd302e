using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// A program as loops over blocks that stay in the first-level cache: each block passes through all loops before the next is read. What a loop hands
/// to a later one lies in a slot, and slots are used again as soon as their value was read for the last time.
/// </summary>
internal sealed class FusedLoops
{
    /// <summary>The places that a loop may name: its result and five arguments.</summary>
    public const int PlacesOfLoop = 6;

    [ThreadStatic]
    private static Scratch? t_slots;

    private readonly ElementwiseProgram _program;
    private BlockLoop<float>[]? _single;
    private BlockLoop<double>[]? _double;

    public FusedLoops(ElementwiseProgram program)
    {
        _program = program;
        Operands = program.Outputs.Count + program.Inputs;
        (Places, Slots) = Place(program);
    }

    /// <summary>How many operands are written, the first ones.</summary>
    public int Outputs => _program.Outputs.Count;

    /// <summary>Outputs and inputs together.</summary>
    public int Operands { get; }

    /// <summary>For each loop the places of its result and its arguments: operands, then slots.</summary>
    public int[] Places { get; }

    /// <summary>How many slots there are.</summary>
    public int Slots { get; }

    /// <summary>The loops in order.</summary>
    public BlockLoop<T>[] Loops<T>() where T : unmanaged, IBinaryNumber<T> =>
        typeof(T) == typeof(float) ? (BlockLoop<T>[])(object)(_single ??= Make<float>()) : (BlockLoop<T>[])(object)(_double ??= Make<double>());

    /// <summary>Runs over the elements of a plan whose operands are the outputs and then the inputs.</summary>
    public void Run<T>(in LoopPlan plan) where T : unmanaged, IBinaryNumber<T>
    {
        var job = new Job<T>(this, plan);
        Simd.Run<Job<T>, T>(ref job);
    }

    private BlockLoop<T>[] Make<T>() where T : unmanaged, IBinaryNumber<T> => [.. _program.Steps.Select(step => step.Function.Loop<T>())];

    private static (int[] Places, int Slots) Place(ElementwiseProgram program)
    {
        int operands = program.Outputs.Count + program.Inputs, slots = 0;
        var places = new int[program.Steps.Count * PlacesOfLoop];
        var place = new int[program.Inputs + program.Steps.Count];
        for (int i = 0; i < program.Inputs; i++) place[i] = program.Outputs.Count + i;
        for (int i = 0; i < program.Outputs.Count; i++) place[program.Outputs[i]] = ~i;
        int[] left = program.Uses();
        var free = new Stack<int>();
        for (int i = 0; i < program.Steps.Count; i++)
        {
            Span<int> here = places.AsSpan(i * PlacesOfLoop, PlacesOfLoop);
            int[] arguments = program.Steps[i].Arguments;
            for (int k = 0; k < arguments.Length; k++)
            {
                int argument = arguments[k] < 0 ? arguments[0] : arguments[k]; // one that is not read needs a place all the same
                here[k + 1] = place[argument];
                if (arguments[k] >= 0 && --left[argument] == 0 && here[k + 1] >= operands) free.Push(here[k + 1]);
            }
            int value = program.Inputs + i;
            place[value] = here[0] = place[value] < 0 ? ~place[value] : free.TryPop(out int slot) ? slot : operands + slots++;
        }
        return (places, slots);
    }

    private readonly struct Job<T>(FusedLoops loops, LoopPlan plan) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            new ElementwiseChunks<Rows<V, T>, V, T>(new Rows<V, T>(loops, loops.Loops<T>()), plan).RunAll();
    }

    private readonly unsafe struct Rows<V, T>(FusedLoops fused, BlockLoop<T>[] loops) : IRowLoop<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        private const int CacheLine = 64, MostStackBytes = 1 << 17;

        // 4 KB: few enough that a handful of slots leave half of the cache to the operands, enough that a loop's start is not felt.
        private static int BlockSize => 4096 / sizeof(T);

        public int Outputs => fused.Outputs;

        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        public void Run(T** pointers, long* steps, long count)
        {
            int bytes = (fused.Slots * BlockSize * sizeof(T)) + CacheLine;
            byte* memory;
            if (bytes > MostStackBytes) memory = Scratch.Rent<byte>(ref t_slots, bytes);
            else
            {
                byte* local = stackalloc byte[bytes];
                memory = local;
            }
            var slots = (T*)(((nint)memory + CacheLine - 1) & -CacheLine); // a vector across two lines costs two accesses
            var p = stackalloc T*[PlacesOfLoop];
            long* s = stackalloc long[PlacesOfLoop];
            fixed (int* places = fused.Places)
                for (long start = 0; start < count; start += BlockSize)
                {
                    int* place = places;
                    foreach (BlockLoop<T> loop in loops)
                    {
                        for (int k = 0; k < PlacesOfLoop; k++, place++)
                        {
                            bool isSlot = *place >= fused.Operands;
                            s[k] = isSlot ? V.Count : steps[*place];
                            p[k] = isSlot ? slots + ((*place - fused.Operands) * BlockSize) : s[k] == 0 ? pointers[*place] : pointers[*place] + start;
                        }
                        loop.Run(p, s, Math.Min(BlockSize, count - start));
                    }
                }
        }
    }
}
