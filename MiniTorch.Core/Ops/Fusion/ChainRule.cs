using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// The chain rule through the calls of a traced function, from the last to the first, as a program. Its values are the inputs, what the forward pass
/// kept, the cotangent, and the results of its steps. Where rows are reduced, a gradient has one number for each element or one for each row.
/// </summary>
internal sealed class ChainRule
{
    private readonly int[] _values; // of the inputs and the calls
    private readonly int?[] _gathered;
    private readonly List<int>[] _placed; // pairs of a row's value and an index

    /// <summary>Builds the steps.</summary>
    /// <param name="calls">The function's operations in order.</param>
    /// <param name="inputs">What each input has.</param>
    /// <param name="kept">For each call what its hidden output has; null for a call whose result is computed again.</param>
    /// <param name="isPerRow">Whether the last call's result has one number for each row.</param>
    /// <param name="needed">A bit for each input that needs a gradient.</param>
    public ChainRule(FusedCall[] calls, RowInput[] inputs, RowInput?[] kept, bool isPerRow, int needed)
    {
        Kinds = [.. inputs, .. kept.OfType<RowInput>(), isPerRow ? RowInput.Value : RowInput.Elements];
        Builder = new ProgramBuilder([.. Kinds.Select(kind => kind != RowInput.Elements)]);
        _values = new int[inputs.Length + calls.Length];
        _gathered = new int?[_values.Length];
        _placed = [.. _values.Select(_ => new List<int>())];
        var flows = new bool[_values.Length]; // whether a needed input's gradient comes through a value
        for (int i = 0; i < inputs.Length; i++) (_values[i], flows[i]) = (i, (needed >> i & 1) != 0);
        for (int i = 0, saved = inputs.Length; i < calls.Length; i++)
        {
            int[] arguments = [.. calls[i].Arguments.Select(Node)];
            _values[inputs.Length + i] = kept[i] is not null ? saved++
                : Builder.Map(((IElementwiseOp)calls[i].Op).Forward, [.. arguments.Select(argument => _values[argument])]);
            flows[inputs.Length + i] = calls[i].IsRecorded && calls[i].Op.IsDifferentiable && arguments.Any(argument => flows[argument]);
        }

        _gathered[^1] = Cotangent;
        for (int i = calls.Length - 1; i >= 0; i--)
        {
            int node = inputs.Length + i;
            if (!flows[node] || Gradient(node) is not { } g) continue;
            int[] arguments = [.. calls[i].Arguments.Select(Node)];
            int x = _values[arguments[0]], y = _values[node];
            switch (calls[i].Op)
            {
                case Sum:
                    Give(arguments[0], g, isSpread: true);
                    break;
                case AmaxOrAmin:
                    int hits = Builder.Map(new LoopFunction<BinaryForward<Equal>>(default), [x, y], false);
                    int share = Builder.Map(new LoopFunction<BinaryForward<Divide>>(default), [g, Builder.Reduce(StepAction.Sum, hits)]);
                    Give(arguments[0], Builder.Map(new LoopFunction<BinaryForward<Multiply>>(default), [hits, share]), isSpread: true);
                    break;
                case Gather when Builder.IsPerRow(x):
                    Give(arguments[0], g, isSpread: false);
                    break;
                case Gather:
                    _placed[arguments[0]].AddRange(g, _values[arguments[1]]);
                    break;
                case var op:
                    var elementwise = (IElementwiseOp)op;
                    for (int k = 0; k < arguments.Length; k++)
                    {
                        if (!flows[arguments[k]]) continue;
                        Give(arguments[k], elementwise.IdentityGradInputs.HasInput(k) ? g
                            : Builder.Map(elementwise.Backward(k), Read(elementwise.BackwardReads(k), g, arguments, y)), !Builder.IsPerRow(y));
                    }
                    break;
            }
        }

        int Node(int argument) => argument < 0 ? ~argument : inputs.Length + argument;
    }

    /// <summary>What the inputs, the kept values and the cotangent have.</summary>
    public RowInput[] Kinds { get; }

    /// <summary>Has the steps, and takes more.</summary>
    public ProgramBuilder Builder { get; }

    /// <summary>The number of the cotangent.</summary>
    public int Cotangent => Kinds.Length - 1;

    /// <summary>The number of the value that is an input's gradient; null where none flows.</summary>
    public int? Gradient(int node)
    {
        if (_placed[node] is not { Count: > 0 } placed) return _gathered[node];
        int value = _gathered[node] is { } sum ? Builder.Copy(sum, false, [.. placed])
            : Builder.Map(new LoopFunction<Nothing>(default), [Cotangent], false, [.. placed]);
        placed.Clear();
        _gathered[node] = value;
        return value;
    }

    /// <summary>The program that computes some values.</summary>
    public ElementwiseProgram Program(IReadOnlyList<int> outputs) => new(Kinds.Length, Builder.Steps, outputs);

    private int[] Read(Reads reads, int g, int[] arguments, int result) =>
        [g, .. arguments.Select((argument, k) => reads.HasInput(k) ? _values[argument] : -1), (reads & Reads.Output) != 0 ? result : -1];

    /// <summary>Adds to a value's gradient; the share of a row's value that every element reads is added up over the row.</summary>
    private void Give(int node, int share, bool isSpread)
    {
        if (isSpread && Builder.IsPerRow(_values[node])) share = Builder.Reduce(StepAction.Sum, share);
        _gathered[node] = _gathered[node] is { } sum ? Builder.Map(new LoopFunction<BinaryForward<Add>>(default), [sum, share]) : share;
    }
}

/// <summary>0: the gradient before anything was added to it.</summary>
internal readonly struct Nothing : ILoopFunction
{
    public static int Inputs => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => R.Of(0);
}
