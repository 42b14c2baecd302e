namespace MiniTorch;

/// <summary>The nodes that wait in a backward pass, highest first.</summary>
internal struct NodeHeap()
{
    private Node[] _nodes = new Node[8];

    public int Count { get; private set; }

    public void Push(Node node)
    {
        if (Count == _nodes.Length) Array.Resize(ref _nodes, Count * 2);
        int at = Count++;
        while (at > 0 && _nodes[(at - 1) / 2].Height < node.Height)
        {
            _nodes[at] = _nodes[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        _nodes[at] = node;
    }

    public Node Pop()
    {
        Node top = _nodes[0], last = _nodes[--Count];
        _nodes[Count] = null!;
        int at = 0;
        for (int child = 1; child < Count; child = 2 * at + 1)
        {
            if (child + 1 < Count && _nodes[child + 1].Height > _nodes[child].Height) child++;
            if (_nodes[child].Height <= last.Height) break;
            _nodes[at] = _nodes[child];
            at = child;
        }
        if (Count > 0) _nodes[at] = last;
        return top;
    }
}
