namespace MiniTorch.Nn;

/// <summary>What one run of a function did: every intermediate value by name, as text, as the language of Graphviz, or of Mermaid.</summary>
public sealed class Explanation
{
    private readonly string _title;
    private readonly CallGraph _graph;

    internal Explanation(string title, CallGraph graph)
    {
        _title = title;
        _graph = graph;
    }

    /// <summary>Every value that the result depends on, in the order of the run, with its formula, shape and elements, in 80 columns; large tensors in one line.</summary>
    public override string ToString() => new ExplanationText(_graph, new Dictionary<ExplainedValue, Tensor>()).Write(_title);

    /// <summary>As <see cref="ToString"/>, with the gradient of the result by every value that it depends on differentiably.</summary>
    /// <exception cref="GraphException">The result is not one number, or nothing that it depends on requires a gradient.</exception>
    public string WithGradients()
    {
        if (_graph.Outputs is not [{ Tensor: { ElementCount: 1 } result }] || !result.RequiresGrad)
            throw new GraphException($"Explanation.WithGradients: the result, {string.Join(" and ", _graph.Outputs.Select(output => $"shape {output.Tensor.Shape}"))}, has no gradients; "
                + "one number is needed that depends on an input or parameter whose RequiresGrad is true");
        ExplainedValue[] values = [.. _graph.Calls.SelectMany(call => call.Inputs.Concat(call.Outputs)).Where(value => value.Tensor.RequiresGrad).Distinct()];
        Tensor[] found = Autograd.Grad(result, [.. values.Select(value => value.Tensor)], Tensor.OnesLike(result), allowUnused: true, retainGraph: true);
        return new ExplanationText(_graph, values.Zip(found).ToDictionary(pair => pair.First, pair => pair.Second)).Write(_title);
    }

    /// <summary>The computation graph for Graphviz: <c>dot -Tsvg graph.dot</c>.</summary>
    /// <param name="depth">How many levels of modules are opened: 0 shows the outermost as boxes, 1 opens them and shows their submodules as boxes, and so on.</param>
    public string ToDot(int depth = 1) => GraphText.Dot(new ModuleGraph(_title, _graph, depth));

    /// <summary>The computation graph for Mermaid, which many Markdown viewers draw.</summary>
    /// <inheritdoc cref="ToDot"/>
    public string ToMermaid(int depth = 1) => GraphText.Mermaid(new ModuleGraph(_title, _graph, depth));
}
