namespace MiniTorch.Nn;

/// <summary>The record of one run of a function: every intermediate value by name, as text or as a graph for Graphviz or Mermaid.</summary>
public sealed class Explanation
{
    private readonly string _title;
    private readonly CallGraph _graph;

    internal Explanation(string title, CallGraph graph)
    {
        _title = title;
        _graph = graph;
    }

    /// <summary>
    /// Lists every value that the result depends on, in order, with its formula, shape and elements, in 80 columns; large tensors are summarised in
    /// one line.
    /// </summary>
    public override string ToString() => new ExplanationText(_graph, new Dictionary<ExplainedValue, Tensor>()).Write(_title);

    /// <summary>Lists the values like <see cref="ToString"/>, with the gradient of the result with respect to each differentiable value.</summary>
    /// <exception cref="GraphException">The result is not a single number, or it does not depend on a tensor that requires a gradient.</exception>
    public string WithGradients()
    {
        if (_graph.Outputs is not [{ Tensor: { ElementCount: 1 } result }] || !result.RequiresGrad)
            throw new GraphException("Explanation.WithGradients: the result, "
                + $"{string.Join(" and ", _graph.Outputs.Select(output => $"shape {output.Tensor.Shape}"))}, has no gradients; "
                + "one number is needed that depends on an input or parameter whose RequiresGrad is true");
        ExplainedValue[] values = [.. _graph.Calls.SelectMany(call => call.Inputs.Concat(call.Outputs)).Where(value => value.Tensor.RequiresGrad)
            .Distinct()];
        Tensor[] found = Autograd.Grad(result, [.. values.Select(value => value.Tensor)], Tensor.OnesLike(result), allowUnused: true,
            retainGraph: true);
        return new ExplanationText(_graph, values.Zip(found).ToDictionary(pair => pair.First, pair => pair.Second)).Write(_title);
    }

    /// <summary>Writes the computation graph for Graphviz: <c>dot -Tsvg graph.dot</c>.</summary>
    /// <param name="depth">The number of module levels to open: 0 shows the outermost modules as boxes, 1 opens them and shows their submodules as
    /// boxes, and so on.</param>
    public string ToDot(int depth = 1) => GraphText.Dot(new ModuleGraph(_title, _graph, depth));

    /// <summary>Writes the computation graph for Mermaid, which many Markdown viewers draw.</summary>
    /// <inheritdoc cref="ToDot"/>
    public string ToMermaid(int depth = 1) => GraphText.Mermaid(new ModuleGraph(_title, _graph, depth));
}
