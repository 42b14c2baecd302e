using MiniTorch.Nn;
using MiniTorch.Tests.Conformance;
using MiniTorch.Tests.Modules;

namespace MiniTorch.Tests.Losses;

/// <summary>A loss of one input at which it is smooth, as a function and as a module with the same options.</summary>
public sealed record LossCase(string Name, Func<Tensor, Tensor> Function, Func<Tensor, Tensor> Module);

/// <summary>A loss of inputs of certain shapes, as a function and as a module, for a reduction.</summary>
public sealed record LossShapes(string Name, Func<Reduction, Tensor> Function, Func<Reduction, Tensor> Module);

/// <summary>The losses and the gradient where a formula ends.</summary>
public sealed record LossEdge(string Name, Func<Tensor, Tensor> Loss, double[] At, double[] Losses, double[] Gradient);

/// <summary>A loss of scores [4, 3] that ignores rows 1 and 3.</summary>
public sealed record IgnoringLoss(string Name, Func<Tensor, Tensor> Loss);

/// <summary>A row of the table; see <see cref="LossSamples"/>.</summary>
public sealed class LossRow(string name, Type? module)
{
    public string Name { get; } = name;

    /// <summary>The module, or null for a function that is not a module too.</summary>
    public Type? Module { get; } = module;

    public string Targets { get; private set; } = "";

    public string ClassAxis { get; private set; } = "";

    public string ClassWeights { get; private set; } = "";

    public string ElementWeights { get; private set; } = "";

    public string? Note { get; private set; }

    /// <summary>A part of the error of an export to ONNX; null if the loss can be exported.</summary>
    public string? NotExported { get; private set; }

    public List<LossCase> Cases { get; } = [];

    public List<ModuleSample> Samples { get; } = [];

    public List<LossShapes> Shapes { get; } = [];

    public List<LossEdge> Edges { get; } = [];

    public List<IgnoringLoss> Ignoring { get; } = [];

    public List<Misuse> Misuses { get; } = [];

    internal Dictionary<string, OpCall> TorchCalls { get; } = [];

    public IReadOnlyList<ConstructorArgument> Arguments { get; } = module is null ? [] : ConstructorArgument.Of(module);

    /// <summary>What the guide's table says that the constructor does not.</summary>
    public LossRow Guide(string targets, string classAxis = "", string classWeights = "", string elementWeights = "", string? note = null)
    {
        (Targets, ClassAxis, ClassWeights, ElementWeights, Note) = (targets, classAxis, classWeights, elementWeights, note);
        return this;
    }

    /// <summary>The loss cannot be exported to ONNX, for a reason that its error gives.</summary>
    public LossRow CannotExport(string reason)
    {
        NotExported = reason;
        return this;
    }

    public LossRow Case(string name, Func<Tensor, Tensor> function, Func<Tensor, Tensor>? module = null)
    {
        Cases.Add(new(name, function, module ?? function));
        return this;
    }

    /// <summary>The module and inputs, for each of which a gradient is checked.</summary>
    public LossRow Sample(Module model, params SampleInput[] inputs)
    {
        Samples.Add(ModuleSample.Of(model, inputs));
        return this;
    }

    /// <summary>As above, for a module that takes more than differentiable tensors.</summary>
    public LossRow Sample<TModule>(TModule model, Func<TModule, Tensor, Tensor> call, SampleInput input) where TModule : Module
    {
        Samples.Add(ModuleSample.Of(model, call, input));
        return this;
    }

    /// <summary>Inputs of every shape that the loss takes.</summary>
    public LossRow Takes<TInputs>(
        string name, IEnumerable<TInputs> inputs, Func<TInputs, Reduction, Tensor> function, Func<TInputs, Reduction, Tensor> module)
    {
        foreach (TInputs input in inputs)
            Shapes.Add(new($"{name}, {input}", reduction => function(input, reduction), reduction => module(input, reduction)));
        return this;
    }

    public LossRow Edge(string name, Func<Tensor, Tensor> loss, double[] at, double[] losses, double[] gradient)
    {
        Edges.Add(new(name, loss, at, losses, gradient));
        return this;
    }

    public LossRow Ignores(string name, Func<Tensor, Tensor> loss)
    {
        Ignoring.Add(new(name, loss));
        return this;
    }

    /// <summary>A wrong call and its error's message; one that ends with … is the message's beginning.</summary>
    public LossRow Misuse<TError>(string message, Func<Tensor> call) where TError : MiniTorchException
    {
        Misuses.Add(new(message, () => call(), typeof(TError), message));
        return this;
    }

    /// <summary>PyTorch's signature, and the call here that gets its arguments.</summary>
    internal LossRow Torch(string signature, Func<OpArguments, Tensor> call)
    {
        TorchCalls.Add(signature, arguments => [call(arguments)]);
        return this;
    }

    public override string ToString() => Name;
}
