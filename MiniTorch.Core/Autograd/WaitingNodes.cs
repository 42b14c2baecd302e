using System.Diagnostics.CodeAnalysis;

namespace MiniTorch;

/// <summary>
/// The nodes that wait in a backward pass, highest first. The next one is kept outside of the heap: along a chain of operations, the usual case, the
/// heap stays empty.
/// </summary>
internal struct WaitingNodes()
{
    private readonly PriorityQueue<OpNode, int> _others = new();
    private OpNode? _next; // no lower than any of the others; null: ask the heap
    private int _rank;

    /// <summary>Adds a node. The lowest rank comes first.</summary>
    public void Add(OpNode node, int rank)
    {
        if (_next is null ? _others.TryPeek(out _, out int first) && first < rank : _rank <= rank)
        {
            _others.Enqueue(node, rank);
            return;
        }
        if (_next is { } former) _others.Enqueue(former, _rank);
        (_next, _rank) = (node, rank);
    }

    /// <summary>Takes the first node out; false if there is none.</summary>
    public bool TryTake([NotNullWhen(true)] out OpNode? node)
    {
        node = _next;
        _next = null;
        return node is not null || _others.TryDequeue(out node, out _);
    }
}
