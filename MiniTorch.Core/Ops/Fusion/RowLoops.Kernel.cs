using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>What an input of a row program has.</summary>
internal enum RowInput
{
    /// <summary>A number for each element.</summary>
    Elements,

    /// <summary>A number for each row.</summary>
    Value,

    /// <summary>An Int64 index of an element for each row.</summary>
    Index,
}

/// <summary>
/// A program with reductions along rows, as loops over rows. A row passes through the program in stages: a stage's steps for each element run block
/// by block in the first-level cache, and what they reduce is known in the next stage. Steps for each row run for a panel of rows at once.
/// </summary>
internal sealed class RowLoops
{
    // Rows of a panel: so many that their steps for each row fill vectors, and that short rows share the costs of a panel.
    private const int MaxPanelRows = 64;
    private const long PanelElements = 16384;

    [ThreadStatic]
    private static Scratch? t_memory;

    private readonly ElementwiseStep[] _steps;
    private readonly int[] _outputs;
    private readonly RowInput[] _inputs;
    private readonly Place[] _places;
    private readonly Stage[] _stages;
    private readonly int _rowValues, _slots, _buffers, _folds;
    private BlockLoop<float>[]? _single;
    private BlockLoop<double>[]? _double;

    /// <summary>Schedules a program whose operands are its outputs and then its inputs.</summary>
    public RowLoops(ElementwiseProgram program, RowInput[] inputs)
    {
        (int[] stages, _) = Schedule(program, inputs);
        var isWhole = new bool[program.Steps.Count];
        foreach ((int reader, ElementwiseStep step) in program.Steps.Index())
            foreach (int value in step.Read)
                if (value >= inputs.Length && (step.Action != StepAction.Map || step.Others.Contains(value)
                    || stages[value] != stages[inputs.Length + reader] || program.Steps[value - inputs.Length].IsPerRow != step.IsPerRow
                    || program.Steps[value - inputs.Length].Others.Length > 0)) isWhole[value - inputs.Length] = true;
        program = FunctionTreeBuilder.Grow(program, isWhole);
        _steps = [.. program.Steps];
        _outputs = [.. program.Outputs];
        _inputs = inputs;
        (stages, int count) = Schedule(program, inputs);
        _stages = [.. Enumerable.Range(0, count).Select(stage => Stage.Of(program, inputs, stages, stage))];

        _places = new Place[inputs.Length + _steps.Length];
        int[] outputs = new int[_places.Length], left = program.Uses();
        Array.Fill(outputs, -1);
        for (int i = 0; i < _outputs.Length; i++) outputs[_outputs[i]] = i;
        for (int i = 0; i < inputs.Length; i++)
        {
            _places[i] = inputs[i] == RowInput.Elements ? new Place(PlaceKind.Operand, _outputs.Length + i)
                : new Place(PlaceKind.Row, inputs[i] == RowInput.Value ? _rowValues++ : -1);
        }
        var free = new Stack<int>();
        foreach (Stage stage in _stages)
        {
            foreach (int value in stage.RowSteps) _places[value] = new Place(PlaceKind.Row, _rowValues++);
            foreach (int value in stage.BlockSteps)
            {
                ElementwiseStep step = _steps[value - inputs.Length];
                foreach (int read in step.Read)
                    if (--left[read] == 0 && _places[read].Kind == PlaceKind.Slot) free.Push(_places[read].Index);
                bool isKept = Readers(value).Any(reader => stages[reader] != stages[value]);
                _places[value] = step.IsPerRow ? new Place(PlaceKind.Row, _rowValues++)
                    : outputs[value] >= 0 ? new Place(PlaceKind.Operand, outputs[value])
                    : isKept ? new Place(PlaceKind.Buffer, _buffers++)
                    : new Place(PlaceKind.Slot, free.TryPop(out int slot) ? slot : _slots++);
            }
            _folds = Math.Max(_folds, stage.BlockSteps.Length);
        }

        IEnumerable<int> Readers(int value) =>
            _steps.Index().Where(step => step.Item.Read.Contains(value)).Select(step => inputs.Length + step.Index);
    }

    private enum PlaceKind
    {
        Operand,
        Row,
        Slot,
        Buffer,
    }

    /// <summary>Where a value lies: the number of an operand, of a row's value, of a block, or of a buffer for a panel's rows.</summary>
    private readonly record struct Place(PlaceKind Kind, int Index);

    /// <summary>Runs over rows; the plan is over the dimensions before the last one.</summary>
    /// <param name="plan">The first elements of the rows of the outputs and then of the inputs.</param>
    /// <param name="strides">The strides in bytes of the operands' last dimension.</param>
    /// <param name="length">The number of elements of a row.</param>
    public unsafe void Run<T>(in LoopPlan plan, long* strides, long length) where T : unmanaged, IBinaryNumber<T>
    {
        var job = new Job<T>(this, plan, strides, length);
        Simd.Run<Job<T>, T>(ref job);
    }

    private BlockLoop<T>[] Loops<T>() where T : unmanaged, IBinaryNumber<T> =>
        typeof(T) == typeof(float) ? (BlockLoop<T>[])(object)(_single ??= Make<float>()) : (BlockLoop<T>[])(object)(_double ??= Make<double>());

    private BlockLoop<T>[] Make<T>() where T : unmanaged, IBinaryNumber<T> => [.. _steps.Select(step => step.Function.Loop<T>())];

    /// <summary>The stage in which each value is computed, as early as it can be; maps of elements as late as their readers allow.</summary>
    private static (int[] Stages, int Count) Schedule(ElementwiseProgram program, RowInput[] inputs)
    {
        int first = inputs.Length, count = 1;
        var stages = new int[first + program.Steps.Count];
        var known = new int[stages.Length]; // the stage in which it can be read
        for (int i = 0; i < program.Steps.Count; i++)
        {
            ElementwiseStep step = program.Steps[i];
            int stage = step.Read.Select(value => known[value]).DefaultIfEmpty().Max();
            stages[first + i] = stage;
            known[first + i] = Stage.IsByBlock(step) && step.IsPerRow ? stage + 1 : stage;
            count = Math.Max(count, known[first + i] + 1);
        }
        for (int i = program.Steps.Count - 1; i >= 0; i--)
        {
            ElementwiseStep step = program.Steps[i];
            if (step.Action != StepAction.Map || step.IsPerRow || program.Outputs.Contains(first + i)) continue;
            int earliestReader = int.MaxValue;
            for (int k = i + 1; k < program.Steps.Count; k++)
                if (program.Steps[k].Read.Contains(first + i)) earliestReader = Math.Min(earliestReader, stages[first + k]);
            if (earliestReader != int.MaxValue) stages[first + i] = earliestReader;
        }
        return (stages, count);
    }

    /// <summary>The steps that run between two sets of reductions.</summary>
    /// <param name="RowSteps">Those for each row, which run first.</param>
    /// <param name="BlockSteps">Those for each element.</param>
    /// <param name="RowReads">The rows' values that those for each element read.</param>
    /// <param name="Inputs">The inputs of elements that they read, and whether as whole blocks.</param>
    private sealed record Stage(int[] RowSteps, int[] BlockSteps, int[] RowReads, (int Input, bool IsWhole)[] Inputs)
    {
        /// <summary>Whether a step reads all elements of a row.</summary>
        public static bool IsByBlock(ElementwiseStep step) =>
            !step.IsPerRow || step.Action is not (StepAction.Map or StepAction.Pick);

        public static Stage Of(ElementwiseProgram program, RowInput[] inputs, int[] stages, int stage)
        {
            int first = inputs.Length;
            int[] steps = [.. Enumerable.Range(first, program.Steps.Count).Where(value => stages[value] == stage)];
            int[] blocks = [.. steps.Where(value => IsByBlock(program.Steps[value - first]))];
            int[] reads = [.. blocks.SelectMany(value => program.Steps[value - first].Arguments).Where(read => read >= 0).Distinct()];
            return new Stage(
                [.. steps.Except(blocks)],
                blocks,
                [.. reads.Where(read => read < first ? inputs[read] == RowInput.Value : program.Steps[read - first].IsPerRow)],
                [.. reads.Where(read => read < first && inputs[read] == RowInput.Elements).Select(read =>
                    (read, blocks.Any(value => program.Steps[value - first] is { IsPerRow: true } step && step.Arguments.Contains(read))))]);
        }
    }

    private readonly unsafe struct Job<T>(RowLoops loops, LoopPlan plan, long* strides, long length) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long panel = Math.Clamp(PanelElements / Math.Max(length, 1), 1, MaxPanelRows);
            long chunk = IntegerMath.CeilDiv(IntegerMath.CeilDiv(ElementwiseChunks<VectorLoop<First, V, T>, V, T>.Size, Math.Max(length, 1)), panel)
                * panel;
            Workers.Run(new Chunks<V, T>(loops, loops.Loops<T>(), plan, strides, length, panel, chunk), IntegerMath.CeilDiv(plan.Count, chunk));
        }
    }

    private readonly unsafe struct Chunks<V, T>(
        RowLoops fused, BlockLoop<T>[] loops, LoopPlan plan, long* strides, long length, long panelRows, long chunkRows) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        private const int CacheLine = 64, MaxPartials = 32;

        // A block of 4 KB is a whole number of the leaves of a reduction's tree for every vector width, so that sums have the bits of Sum.
        private static int Block => 4096 / sizeof(T);

        private int First => fused._inputs.Length;

        public void Execute(long chunk)
        {
            int inputs = First, rowValues = fused._rowValues;
            long buffer = IntegerMath.CeilDiv(length, V.Count) * V.Count * panelRows;
            long count = (rowValues * panelRows) + ((rowValues + inputs) * V.Count) + ((fused._slots + inputs) * (long)Block)
                + (fused._buffers * buffer) + ((long)fused._folds * MaxPartials * V.Count);
            byte* memory = Scratch.Rent<byte>(ref t_memory, (count * sizeof(T)) + (5 * CacheLine));
            var panel = new Panel
            {
                Memory = memory,
                RowValues = Take(ref memory, rowValues * panelRows),
                Repeated = Take(ref memory, (rowValues + inputs) * V.Count),
                Slots = Take(ref memory, (fused._slots + inputs) * (long)Block),
                Buffers = Take(ref memory, fused._buffers * buffer),
                Partials = Take(ref memory, (long)fused._folds * MaxPartials * V.Count),
                BufferSize = buffer,
                RowSize = buffer / panelRows,
            };
            byte** rows = stackalloc byte*[(int)panelRows * plan.Operands];
            panel.Rows = rows;
            long end = Math.Min((chunk + 1) * chunkRows, plan.Count);
            for (long start = chunk * chunkRows; start < end; start += panelRows)
            {
                panel.Count = (int)Math.Min(panelRows, end - start);
                for (int r = 0; r < panel.Count; r++) Seek(start + r, rows + (r * plan.Operands));
                Run(panel);
            }
            Scratch.Return(ref t_memory);
        }

        private static T* Take(ref byte* memory, long count)
        {
            memory = (byte*)(((nint)memory + CacheLine - 1) & -CacheLine);
            var taken = (T*)memory;
            memory += count * sizeof(T);
            return taken;
        }

        private void Seek(long row, byte** data)
        {
            for (int k = 0; k < plan.Operands; k++) data[k] = plan.Data[k];
            for (int d = 0; d < plan.Rank; d++)
            {
                (row, long at) = d == plan.Rank - 1 ? (0, row) : Math.DivRem(row, plan.Size(d));
                for (int k = 0; k < plan.Operands; k++) data[k] += at * plan.Strides(d)[k];
            }
        }

        private struct Panel
        {
            public byte* Memory;
            public T* RowValues, Repeated, Slots, Buffers, Partials;
            public long BufferSize, RowSize;
            public byte** Rows;
            public int Count;
        }

        [SkipLocalsInit]
        private void Run(in Panel panel)
        {
            for (int input = 0; input < First; input++)
                if (fused._inputs[input] == RowInput.Value)
                    for (int r = 0; r < panel.Count; r++) Value(panel, input)[r] = Strided.Read<T>(Row(panel, r, input), TypeOf(input));
            foreach (Stage stage in fused._stages)
            {
                foreach (int value in stage.RowSteps) RunRowStep(panel, value);
                if (stage.BlockSteps.Length == 0) continue;
                for (int r = 0; r < panel.Count; r++) RunRow(panel, stage, r);
            }
            for (int output = 0; output < fused._outputs.Length; output++)
                if (fused._places[fused._outputs[output]] is { Kind: PlaceKind.Row } place)
                    for (int r = 0; r < panel.Count; r++)
                        *(T*)panel.Rows[(r * plan.Operands) + output] = panel.RowValues[(place.Index * panelRows) + r];
        }

        private T* Value(in Panel panel, int value) => panel.RowValues + (fused._places[value].Index * panelRows);

        private int Operand(int input) => fused._outputs.Length + input;

        private DType TypeOf(int input) => plan.Types[Operand(input)];

        private byte* Row(in Panel panel, int r, int input) => panel.Rows[(r * plan.Operands) + Operand(input)];

        [SkipLocalsInit]
        private void RunRowStep(in Panel panel, int value)
        {
            ElementwiseStep step = fused._steps[value - First];
            T* result = Value(panel, value);
            if (step.Action == StepAction.Pick)
            {
                for (int r = 0; r < panel.Count; r++)
                    result[r] = Picked(Row(panel, r, step.Arguments[0]), step.Arguments[0], Index(panel, r, step.Others[0]));
                return;
            }
            var pointers = stackalloc T*[FusedLoops.PlacesOfLoop];
            long* steps = stackalloc long[FusedLoops.PlacesOfLoop];
            for (int k = 0; k < FusedLoops.PlacesOfLoop; k++) steps[k] = V.Count;
            pointers[0] = result;
            for (int k = 0; k < step.Arguments.Length; k++)
                pointers[k + 1] = Value(panel, step.Arguments[k] < 0 ? step.Arguments[0] : step.Arguments[k]);
            loops[value - First].Run(pointers, steps, panel.Count);
        }

        private long Index(in Panel panel, int r, int input) => *(long*)Row(panel, r, input);

        // The indices were checked when they were given; one that was written since then by another thread must not read or write elsewhere.
        private T Picked(byte* row, int input, long index) =>
            (ulong)index < (ulong)length ? Strided.Read<T>(row + (index * strides[Operand(input)]), TypeOf(input)) : T.CreateTruncating(double.NaN);

        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        private void RunRow(in Panel panel, Stage stage, int r)
        {
            foreach (int value in stage.RowReads)
            {
                int at = fused._places[value].Index;
                V.Store(V.Broadcast(panel.RowValues[(at * panelRows) + r]), panel.Repeated + (at * V.Count));
            }
            foreach ((int input, bool isWhole) in stage.Inputs)
                if (strides[Operand(input)] == 0 && !isWhole)
                    V.Store(V.Broadcast(Strided.Read<T>(Row(panel, r, input), TypeOf(input))),
                        panel.Repeated + ((fused._rowValues + input) * V.Count));

            var pointers = stackalloc T*[FusedLoops.PlacesOfLoop];
            long* steps = stackalloc long[FusedLoops.PlacesOfLoop];
            int* depths = stackalloc int[stage.BlockSteps.Length];
            new Span<int>(depths, stage.BlockSteps.Length).Clear();
            for (long start = 0; start < length; start += Block)
            {
                int count = (int)Math.Min(Block, length - start);
                foreach ((int input, bool isWhole) in stage.Inputs)
                {
                    long stride = strides[Operand(input)];
                    if (!IsDirect(input, stride) && (stride != 0 || isWhole))
                        Strided.Gather<V, T>(Row(panel, r, input) + (start * stride), stride, TypeOf(input), InputSlot(panel, input), count);
                }
                for (int i = 0; i < stage.BlockSteps.Length; i++)
                {
                    int value = stage.BlockSteps[i];
                    ElementwiseStep step = fused._steps[value - First];
                    if (step.IsPerRow)
                    {
                        T* x = Locate(panel, r, start, step.Arguments[0], isWhole: true, out _);
                        Fold(step.Action, x, start, count, panel.Partials + (i * MaxPartials * V.Count), ref depths[i]);
                        continue;
                    }
                    pointers[0] = Locate(panel, r, start, value, isWhole: false, out steps[0]);
                    for (int k = 0; k < step.Arguments.Length; k++)
                        pointers[k + 1] = Locate(panel, r, start, step.Arguments[k] < 0 ? step.Arguments[0] : step.Arguments[k],
                            IsWhole(stage, step.Arguments[k]),
                            out steps[k + 1]);
                    loops[value - First].Run(pointers, steps, count);
                    for (int k = 0; k < step.Others.Length; k += 2)
                    {
                        long index = Index(panel, r, step.Others[k + 1]) - start;
                        if ((ulong)index < (ulong)count) pointers[0][index] += Value(panel, step.Others[k])[r];
                    }
                }
            }
            for (int i = 0; i < stage.BlockSteps.Length; i++)
                if (fused._steps[stage.BlockSteps[i] - First] is { IsPerRow: true } step)
                    Value(panel, stage.BlockSteps[i])[r] = Folded(step.Action, panel.Partials + (i * MaxPartials * V.Count), depths[i]);
        }

        private static bool IsWhole(Stage stage, int input)
        {
            foreach ((int at, bool isWhole) in stage.Inputs)
                if (at == input) return isWhole;
            return false;
        }

        private bool IsDirect(int input, long stride) => (stride == sizeof(T) || length == 1) && TypeOf(input).Holds<T>();

        private T* InputSlot(in Panel panel, int input) => panel.Slots + ((fused._slots + input) * (long)Block);

        /// <summary>A value's elements from <paramref name="start"/> on in a row, and how far to go for each vector.</summary>
        private T* Locate(in Panel panel, int r, long start, int value, bool isWhole, out long step)
        {
            step = V.Count;
            Place place = fused._places[value];
            switch (place.Kind)
            {
                case PlaceKind.Slot: return panel.Slots + (place.Index * (long)Block);
                case PlaceKind.Buffer: return panel.Buffers + (place.Index * panel.BufferSize) + (r * panel.RowSize) + start;
                case PlaceKind.Row:
                    step = 0;
                    return panel.Repeated + (place.Index * V.Count);
                default:
                    int input = value;
                    long stride = strides[place.Index];
                    byte* row = panel.Rows[(r * plan.Operands) + place.Index];
                    if (value >= First || IsDirect(input, stride)) return (T*)row + start;
                    if (stride != 0 || isWhole) return InputSlot(panel, input);
                    step = 0;
                    return panel.Repeated + ((fused._rowValues + input) * V.Count);
            }
        }

        private static void Fold(StepAction action, T* x, long start, int count, T* partials, ref int depth)
        {
            switch (action)
            {
                case StepAction.Sum: Fold<Fold.Total>(x, start, count, partials, ref depth); break;
                case StepAction.Max: Fold<Fold.Max>(x, start, count, partials, ref depth); break;
                default: Fold<Fold.Min>(x, start, count, partials, ref depth); break;
            }
        }

        private static T Folded(StepAction action, T* partials, int depth) => action switch
        {
            StepAction.Sum => Folded<Fold.Total>(partials, depth),
            StepAction.Max => Folded<Fold.Max>(partials, depth),
            _ => Folded<Fold.Min>(partials, depth),
        };

        /// <summary>Reduces a block and combines the results in the tree of <see cref="ReduceTree"/>.</summary>
        private static void Fold<TFold>(T* x, long start, int count, T* partials, ref int depth) where TFold : IFold
        {
            var leaf = new ReduceRows<V, T, TFold>(default, 1);
            for (long i = 0, at = start / leaf.Length; i < count; i += leaf.Length, at++)
            {
                V.Store(leaf.Run(x + i, Math.Min(leaf.Length, count - i)), partials + (depth++ * V.Count));
                for (long pairs = at; (pairs & 1) != 0; pairs >>= 1) Merge<TFold>(partials + (--depth * V.Count));
            }
        }

        private static T Folded<TFold>(T* partials, int depth) where TFold : IFold
        {
            while (depth > 1) Merge<TFold>(partials + (--depth * V.Count));
            return depth == 0 ? TFold.Identity<V1<T>>().Value : TFold.Across<V, T>(V.Load(partials));
        }

        private static void Merge<TFold>(T* last) where TFold : IFold =>
            V.Store(TFold.Combine(V.Load(last - V.Count), V.Load(last)), last - V.Count);
    }
}
