using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// One backward pass. It processes nodes in order of descending height, so the gradient of a node is complete when its rule runs. The loop is
/// iterative, because a graph can be millions of operations deep.
/// </summary>
internal sealed class Reverse
{
    private static int s_lastPass;

    private readonly int _pass = NextPass();
    private readonly EngineScope _scope = EngineScope.OfThisThread;
    private readonly bool _retainGraph, _createGraph;
    private bool _reuseMemory; // until a forward-mode tangent appears, because tangents are not reference-counted
    private readonly HashSet<Node>? _wanted;
    private readonly Dictionary<(Node Node, int Slot), Tensor?>? _targets;
    private WaitingNodes _waiting = new(); // highest first, so the rank is the negative height
    private Tensor? _current;
    private bool _gradientsShareMemory;
    private Dictionary<LeafNode, Gathered>? _hooked; // leaves with hooks, which see the complete gradient

    private Reverse(bool retainGraph, bool createGraph, HashSet<Node>? wanted, Dictionary<(Node Node, int Slot), Tensor?>? targets)
    {
        _retainGraph = retainGraph || createGraph;
        _createGraph = createGraph;
        _reuseMemory = !createGraph && !Trace.On;
        _wanted = wanted;
        _targets = targets;
    }

    /// <summary>Adds the gradients of all leaves to their Grad (torch.Tensor.backward).</summary>
    public static void Accumulate(Tensor output, Tensor cotangent, bool retainGraph, bool createGraph)
    {
        Pass(output, cotangent, retainGraph, createGraph);
        BufferPool.SweepAtLowWater();

        // A separate frame: the spans of this one would keep the output alive during the sweep.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Pass(Tensor output, Tensor cotangent, bool retainGraph, bool createGraph) =>
            new Reverse(retainGraph, createGraph, null, null).Run([output], [cotangent]);
    }

    /// <summary>Returns the gradients of <paramref name="inputs"/>, null for an input that the outputs do not depend on. No Grad changes.</summary>
    public static Tensor?[] Gradients(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> cotangents, ReadOnlySpan<Tensor> inputs, bool retainGraph,
        bool createGraph)
    {
        var targets = new Dictionary<(Node, int), Tensor?>();
        foreach (Tensor input in inputs) targets[(input.Node!, input.Slot)] = null;
        new Reverse(retainGraph, createGraph, Leading(outputs, targets), targets).Run(outputs, cotangents);
        var gradients = new Tensor?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            gradients[i] = targets[(inputs[i].Node!, inputs[i].Slot)];
            gradients[i]?.Storage.MarkShared();
        }
        return gradients;
    }

    /// <summary>Returns whether a result depends on any leaf other than <paramref name="leaf"/>.</summary>
    public static bool DependsOnOthers(Tensor result, Tensor leaf) => Reached([result]).Any(node => node is LeafNode && node != leaf.Node);

    private void Run(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> cotangents)
    {
        FuseTrace.Flush();
        using ModeScope mode = EngineMode.Record(_createGraph);
        if (GradientHooks.LeavesHaveAny) _hooked = HookedLeaves(outputs);
        Profiling? profile = Profiling.Open;
        int depth = profile?.BeginPass() ?? 0;
        try
        {
            for (int i = 0; i < outputs.Length; i++)
                if (outputs[i].Node is not null) Send(Edge.To(outputs[i]), cotangents[i]);
            while (_waiting.TryTake(out OpNode? node)) Differentiate(node);
            foreach ((LeafNode leaf, Gathered gathered) in _hooked ?? []) Deliver(leaf, gathered);
        }
        finally
        {
            _scope.Close();
            foreach (Gathered gathered in _hooked?.Values ?? Enumerable.Empty<Gathered>()) gathered.Gradient?.Storage.Release();
            while (_waiting.TryTake(out OpNode? node)) Forget(node); // clean up after an error
            profile?.EndPass(depth);
        }
    }

    private void Differentiate(OpNode node)
    {
        Tensor? cotangent = node.Cotangent;
        Tensor?[]? more = node.Rare?.Cotangents;
        node.Cotangent = null;
        if (more is not null) node.Rare!.Cotangents = null;
        Volatile.Write(ref node.Pass, 0);
        if (node.Rare?.Hooks is { } hooks)
        {
            cotangent = Hooked(hooks, 0, cotangent);
            for (int slot = 1; slot < more?.Length; slot++) more[slot] = Hooked(hooks, slot, more[slot]);
        }
        Keep(node, cotangent, more);
        if (!Continues(node)) return;
        node.Rare?.Source?.Restore();
        if (node.Released && node.Op.Reads != Reads.None)
            throw new GraphException($"{node.Name}: the saved tensors of this graph were freed by an earlier Backward or Grad; "
                + "pass retainGraph: true to that call to run backward again (a hidden state carried over from the last step has the same "
                + "effect: Detach it)");

        Op op = node.Op;
        if (_reuseMemory && (Dual.Live(cotangent?.Dual) is not null || Dual.AnyLive(more) || Dual.AnyLive(node.Rare?.Duals))) _reuseMemory = false;
        bool reuse = _reuseMemory && op.CanReuseTemporaries;
        if (!reuse) MarkShared(cotangent, more);
        if (reuse) _scope.Open();
        Slots gradients = default;
        Span<Tensor?> span = node.InputCount <= 4 ? gradients[..node.InputCount] : new Tensor?[node.InputCount];
        var call = new OpContext(node, _wanted, reuse ? _pass : 0);
        bool intercepts = EngineMode.InterceptsCalls;
        Profiling? profile = intercepts ? Profiling.Open : null;
        long begun = profile?.BeginRule() ?? 0;
        if (node is ManyNode { OutputCount: > 1 } many) op.VjpAll(call, Collect(cotangent, more, many.OutputCount), span);
        else op.Vjp(call, cotangent!, span);
        profile?.EndRule(node, span, begun);
        if (intercepts && Trace.On) Trace.Differentiated(node, [cotangent], span);
        _current = cotangent;
        _gradientsShareMemory = ShareMemory(span);
        for (int i = 0; i < span.Length; i++)
            // the rule added to it in place
            if (span[i] is { } gradient && node[i].Node is { } input
                && !(op.AddsToAccumulatedGrad && input.IsIn(_pass) && ReferenceEquals(gradient, input.Cotangent)))
                Send(node[i], Checked(node, i, gradient));
        _current = null;
        if (reuse) _scope.Close();
        cotangent?.Storage.Release();
        foreach (Tensor? other in more ?? []) other?.Storage.Release();
        if (!_retainGraph) node.Release();
        for (int i = 0; i < node.InputCount && _hooked is not null; i++)
            if (node[i].Node is LeafNode leaf && _hooked.TryGetValue(leaf, out Gathered? gathered) && --gathered.Missing == 0)
                Deliver(leaf, gathered);
    }

    // Below a target of Autograd.Grad there may be no other target.
    private bool Continues(OpNode node)
    {
        if (_wanted is null) return true;
        for (int i = 0; i < node.InputCount; i++)
            if (node[i].Node is { } input && _wanted.Contains(input)) return true;
        return false;
    }

    /// <summary>Adds a gradient to the accumulated gradient of its receiver.</summary>
    private void Send(Edge edge, Tensor gradient)
    {
        Node node = edge.Node!;
        if (_wanted is not null && !_wanted.Contains(node)) return;
        if (node is LeafNode leaf)
        {
            if (gradient.DType != leaf.DType) gradient = gradient.To(leaf.DType); // Module.To ran after the operation was recorded
            if (_hooked is not null && _hooked.TryGetValue(leaf, out Gathered? gathered)) gathered.Gradient = Add(gathered.Gradient, gradient);
            else Accept(leaf, gradient);
            return;
        }
        int holder = Interlocked.CompareExchange(ref node.Pass, _pass, 0);
        if (holder == 0)
        {
            var waiting = (OpNode)node;
            _waiting.Add(waiting, (-2 * node.Height) + (waiting.Op.AddsToAccumulatedGrad ? 1 : 0));
        }
        else if (holder != _pass)
            throw new GraphException($"{node.Name}: another backward pass is using this graph; a graph can be used by one thread at a time (run "
                + "one pass after the other, or build a graph per thread)");
        if (edge.OutputIndex == 0)
        {
            node.Cotangent = Add(node.Cotangent, gradient);
            return;
        }
        Tensor?[] more = node.EnsureRare().Cotangents ??= new Tensor?[((ManyNode)node).OutputCount];
        more[edge.OutputIndex] = Add(more[edge.OutputIndex], gradient);
    }

    private void Accept(LeafNode leaf, Tensor gradient)
    {
        if (_targets is null) Store(leaf, gradient);
        else _targets[(leaf, 0)] = Add(_targets[(leaf, 0)], gradient);
    }

    /// <summary>Counts, for each leaf with hooks, the gradients that it receives if all rules run.</summary>
    private Dictionary<LeafNode, Gathered> HookedLeaves(ReadOnlySpan<Tensor> outputs)
    {
        HashSet<Node> reached = Reached(outputs);
        var found = reached.OfType<LeafNode>().Where(leaf => leaf.Rare?.Hooks is { IsEmpty: false } && _wanted?.Contains(leaf) != false)
            .ToDictionary(leaf => leaf, _ => new Gathered());
        if (found.Count == 0) return found;
        foreach (Node node in reached)
            for (int i = 0; i < node.InputCount; i++)
                if (node[i].Node is LeafNode leaf && found.TryGetValue(leaf, out Gathered? gathered)) gathered.Missing++;
        return found;
    }

    /// <summary>Passes the complete gradient of a leaf through its hooks. No EngineScope may be open, because hooks are the user's code.</summary>
    private void Deliver(LeafNode leaf, Gathered gathered)
    {
        if (gathered.Gradient is null || leaf.Rare?.Hooks is not { } hooks) return;
        gathered.Gradient = Hooked(hooks, 0, gathered.Gradient);
        (_current, _gradientsShareMemory) = (gathered.Gradient, false);
        Accept(leaf, gathered.Gradient!);
        _current = null;
        gathered.Gradient!.Storage.Release();
        gathered.Gradient = null;
        if (_targets is null) hooks.Accumulated();
    }

    private static Tensor? Hooked(GradientHooks hooks, int slot, Tensor? gradient)
    {
        if (gradient is null) return null;
        Tensor given = hooks.Replace(slot, gradient);
        if (ReferenceEquals(given, gradient)) return gradient;
        given.Storage.AddRef();
        gradient.Storage.Release();
        return given;
    }

    /// <summary>Returns the sum of two gradients, in place if only the engine holds the first.</summary>
    private Tensor Add(Tensor? gathered, Tensor gradient)
    {
        if (gathered is null)
        {
            gradient.Storage.AddRef();
            return gradient;
        }
        if (_reuseMemory && gathered.Storage is NativeStorage { HeldOnce: true } && gathered.IsContiguous && gathered.DType == gradient.DType
            && Dual.Live(gradient.Dual) is null)
        {
            InPlace.AddValues(gathered, gradient);
            return gathered;
        }
        Tensor sum = gathered + gradient;
        sum.Storage.AddRef();
        gathered.Storage.Release();
        return sum;
    }

    private void Store(LeafNode leaf, Tensor gradient)
    {
        Uninterrupted.Enter(leaf);
        try
        {
            Tensor? grad = leaf.Grad;
            if (grad is { RequiresGrad: false, Layout.Overlaps: false } && !_createGraph)
            {
                InPlace.AddValues(grad, gradient);
                grad.Storage.Wrote("Backward (a gradient added to Grad)");
                return;
            }
            leaf.Grad = grad is not null ? grad + gradient : _createGraph ? gradient.Clone() : IsOurs(gradient) ? gradient.Detach()
                : Copies.ForLater(gradient);
            leaf.Grad.Storage.AddRef();
            grad?.Storage.Release();
        }
        finally
        {
            Monitor.Exit(leaf);
        }
    }

    // A gradient that only this node holds can become a leaf's Grad without a copy, unless another input gets the same memory:
    // later gradients are added to the leaf's Grad in place.
    private bool IsOurs(Tensor gradient) =>
        !_gradientsShareMemory && gradient.Storage is NativeStorage { EngineOwned: true } storage && gradient.IsContiguous
        && storage.Holders == (ReferenceEquals(storage, _current?.Storage) ? 1 : 0);

    private static bool ShareMemory(ReadOnlySpan<Tensor?> gradients)
    {
        if (gradients.Length == 1) return false;
        if (gradients.Length > 4) return true; // copying is cheaper than the comparisons
        for (int i = 0; i < gradients.Length; i++)
            for (int j = i + 1; j < gradients.Length; j++)
                if (gradients[i] is { } a && gradients[j] is { } b && ReferenceEquals(a.Storage, b.Storage)) return true;
        return false;
    }

    // Stores the gradients that the user requested: retained ones and the targets of Autograd.Grad.
    private void Keep(OpNode node, Tensor? cotangent, Tensor?[]? more)
    {
        if (node.Rare?.Retained is { } retained)
            lock (retained)
            {
                foreach (int slot in retained.Keys.ToArray())
                    if (At(slot) is { } gradient)
                        retained[slot] = retained[slot] is { } former ? former + gradient : _createGraph ? gradient : Copies.Fresh(gradient);
            }
        if (_targets is null) return;
        int outputs = node is ManyNode many ? many.OutputCount : 1;
        for (int slot = 0; slot < outputs; slot++)
            if (_targets.ContainsKey((node, slot)) && At(slot) is { } gradient)
            {
                gradient.Storage.MarkShared();
                _targets[(node, slot)] = gradient;
            }

        Tensor? At(int slot) => slot == 0 ? cotangent : more?[slot];
    }

    private static void MarkShared(Tensor? cotangent, Tensor?[]? more)
    {
        cotangent?.Storage.MarkShared();
        foreach (Tensor? other in more ?? []) other?.Storage.MarkShared();
    }

    private static void Forget(OpNode node)
    {
        node.Cotangent?.Storage.Release();
        node.Cotangent = null;
        if (node.Rare is { Cotangents: { } more } rare)
        {
            foreach (Tensor? cotangent in more) cotangent?.Storage.Release();
            rare.Cotangents = null;
        }
        Volatile.Write(ref node.Pass, 0);
    }

    private static Tensor?[] Collect(Tensor? first, Tensor?[]? more, int count)
    {
        var all = new Tensor?[count];
        more?.CopyTo(all, 0);
        all[0] = first;
        return all;
    }

    private static Tensor Checked(OpNode node, int input, Tensor gradient) =>
        gradient.Shape == node.InputLayout(input).Shape
        ? gradient.DType == node.InputType(input) ? gradient
            : throw new DTypeException($"{node.Name}: its derivative rule returned a gradient of {gradient.DType} for input {input} of "
                + $"{node.InputType(input)}")
        : throw new ShapeException($"{node.Name}: its derivative rule returned a gradient of shape {gradient.Shape} for input {input} of shape "
            + $"{node.InputLayout(input).Shape}; a gradient must have the shape of its input (sum it over broadcast dimensions)");

    /// <summary>Returns the nodes that lead to a target; the rules of other nodes need not run.</summary>
    private static HashSet<Node> Leading(ReadOnlySpan<Tensor> outputs, Dictionary<(Node Node, int Slot), Tensor?> targets)
    {
        HashSet<Node> leading = [.. targets.Keys.Select(target => target.Node)];
        foreach (Node node in Reached(outputs).OrderBy(node => node.Height))
            for (int i = 0; i < node.InputCount; i++)
                if (node[i].Node is { } input && leading.Contains(input)) leading.Add(node);
        return leading;
    }

    private static HashSet<Node> Reached(ReadOnlySpan<Tensor> outputs)
    {
        var reached = new HashSet<Node>();
        var open = new Stack<Node>();
        foreach (Tensor output in outputs)
            if (output.Node is { } node && reached.Add(node)) open.Push(node);
        while (open.TryPop(out Node? node))
            for (int i = 0; i < node.InputCount; i++)
                if (node[i].Node is { } input && reached.Add(input)) open.Push(input);
        return reached;
    }

    private static int NextPass()
    {
        int pass = Interlocked.Increment(ref s_lastPass);
        return pass != 0 ? pass : Interlocked.Increment(ref s_lastPass);
    }

    /// <summary>The gradient of a leaf with hooks so far, and how many more it receives.</summary>
    private sealed class Gathered
    {
        public int Missing { get; set; }

        public Tensor? Gradient { get; set; }
    }

    [InlineArray(4)]
    private struct Slots
    {
        private Tensor? _first;
    }
}
