namespace MiniTorch.Nn;

/// <summary>Modules as functions of their parameters: calls with other parameters, and derivatives by name (torch.func).</summary>
public static class ModuleFunctions
{
    /// <summary>
    /// Calls a module with other parameters and buffers in place of its own (torch.func.functional_call). Gradients flow to the given tensors; the
    /// module's own values stay as they are.
    /// </summary>
    /// <remarks>While the call runs, the module's parameters stand for the given tensors: other threads must not use the module.</remarks>
    /// <param name="module">The module.</param>
    /// <param name="state">Tensors by name, as in <see cref="Module.StateDict"/>; those that are not given stay the module's own.</param>
    /// <param name="input">The input.</param>
    /// <exception cref="ValueException">The module has no parameter or buffer of a name, or it has another shape.</exception>
    /// <example><code>
    /// Tensor y = Tensor.Randn([4, 10]);
    /// // One inner step of MAML: the outer gradient flows through the updated weights.
    /// var names = model.NamedParameters();
    /// Tensor[] inner = Autograd.Grad(Functional.MSELoss(model.Call(x), y), model.Parameters(), createGraph: true);
    /// var updated = names.Zip(inner).ToDictionary(pair => pair.First.Name, pair => pair.First.Value - 0.1 * pair.Second);
    /// Functional.MSELoss(model.CallWith(updated, x), y).Backward();
    /// </code></example>
    public static TOut CallWith<TIn, TOut>(this Module<TIn, TOut> module, IReadOnlyDictionary<string, Tensor> state, TIn input) =>
        With(module, state, () => module.Call(input));

    /// <inheritdoc cref="CallWith{TIn, TOut}(Module{TIn, TOut}, IReadOnlyDictionary{string, Tensor}, TIn)"/>
    public static TOut CallWith<T1, T2, TOut>(this Module<T1, T2, TOut> module, IReadOnlyDictionary<string, Tensor> state, T1 input1, T2 input2) =>
        With(module, state, () => module.Call(input1, input2));

    /// <inheritdoc cref="CallWith{TIn, TOut}(Module{TIn, TOut}, IReadOnlyDictionary{string, Tensor}, TIn)"/>
    public static TOut CallWith<T1, T2, T3, TOut>(
        this Module<T1, T2, T3, TOut> module, IReadOnlyDictionary<string, Tensor> state, T1 input1, T2 input2, T3 input3) =>
        With(module, state, () => module.Call(input1, input2, input3));

    /// <inheritdoc cref="CallWith{TIn, TOut}(Module{TIn, TOut}, IReadOnlyDictionary{string, Tensor}, TIn)"/>
    public static TOut CallWith<T1, T2, T3, T4, TOut>(
        this Module<T1, T2, T3, T4, TOut> module, IReadOnlyDictionary<string, Tensor> state, T1 input1, T2 input2, T3 input3, T4 input4) =>
        With(module, state, () => module.Call(input1, input2, input3, input4));

    /// <summary>Returns the gradients of a scalar with respect to all parameters of a module, by name; no Grad changes.</summary>
    /// <param name="module">The module.</param>
    /// <param name="loss">A scalar that was computed with the module.</param>
    /// <param name="createGraph">Whether the gradients can be differentiated.</param>
    /// <param name="allowUnused">Whether a parameter that the loss does not depend on has zeros, instead of an error.</param>
    /// <exception cref="GraphException">The loss has no graph, or does not depend on a parameter.</exception>
    public static OrderedDictionary<string, Tensor> Grad(this Module module, Tensor loss, bool createGraph = false, bool allowUnused = false)
    {
        ArgumentNullException.ThrowIfNull(module);
        (string[] names, Parameter[] parameters) = Named(module);
        return ByName(names, Autograd.Grad(loss, parameters, createGraph: createGraph, allowUnused: allowUnused));
    }

    /// <summary>
    /// Returns the Jacobians of a function of a module with respect to its parameters, by name, of shape [shape of the output…, shape of the
    /// parameter…] (torch.func.jacrev).
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="output">Calls the module and returns a tensor.</param>
    /// <example><code>
    /// Tensor x = Tensor.Randn([5, 3]);
    /// var model = new Sequential(new Linear(3, 2));
    /// var jacobians = model.Jacobian(() => model.Call(x));
    /// Console.WriteLine(jacobians["0.weight"].Shape); // [5, 2, 2, 3]
    /// </code></example>
    public static OrderedDictionary<string, Tensor> Jacobian(this Module module, Func<Tensor> output) =>
        Differentiate(module, output, (f, parameters, _) => Autograd.Jacobian(f, parameters));

    /// <summary>Returns an output and uᵀ·J for each parameter, by name (torch.func.vjp).</summary>
    /// <param name="module">The module.</param>
    /// <param name="output">Calls the module and returns a tensor.</param>
    /// <param name="u">A tensor of the output's shape.</param>
    public static (Tensor Value, OrderedDictionary<string, Tensor> Gradients) Vjp(this Module module, Func<Tensor> output, Tensor u)
    {
        Tensor? value = null;
        OrderedDictionary<string, Tensor> gradients = Differentiate(module, output, (f, parameters, _) =>
        {
            (value, Tensor[] found) = Autograd.Vjp(f, parameters, u);
            return found;
        });
        return (value!, gradients);
    }

    /// <summary>Returns an output and its derivative in a direction of the parameters (torch.func.jvp).</summary>
    /// <param name="module">The module.</param>
    /// <param name="output">Calls the module and returns a tensor.</param>
    /// <param name="v">A tensor for each parameter, by name; zeros for those that are not given.</param>
    /// <exception cref="ValueException">There is no parameter of a name, or it has another shape.</exception>
    public static (Tensor Value, Tensor Tangent) Jvp(this Module module, Func<Tensor> output, IReadOnlyDictionary<string, Tensor> v)
    {
        (Tensor, Tensor)? result = null;
        Differentiate(module, output, (f, parameters, names) =>
        {
            result = Autograd.Jvp(f, parameters, Directions("Jvp", names, parameters, v));
            return [];
        });
        return result!.Value;
    }

    /// <summary>Returns the Hessian of a scalar loss with respect to the parameters times a direction, by name.</summary>
    /// <param name="module">The module.</param>
    /// <param name="loss">Calls the module and returns a scalar.</param>
    /// <param name="v">A tensor for each parameter, by name; zeros for those that are not given.</param>
    /// <exception cref="ValueException">There is no parameter of a name, or it has another shape.</exception>
    public static OrderedDictionary<string, Tensor> Hvp(this Module module, Func<Tensor> loss, IReadOnlyDictionary<string, Tensor> v) =>
        Differentiate(module, loss, (f, parameters, names) => Autograd.Hvp(f, parameters, Directions("Hvp", names, parameters, v)));

    /// <summary>
    /// Returns the blocks of the Hessian of a scalar loss: that of two parameters has the shape [shape of the first…, shape of the second…]
    /// (torch.func.hessian).
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="loss">Calls the module and returns a scalar.</param>
    public static OrderedDictionary<(string First, string Second), Tensor> Hessian(this Module module, Func<Tensor> loss)
    {
        var blocks = new OrderedDictionary<(string, string), Tensor>();
        Differentiate(module, loss, (f, parameters, names) =>
        {
            Tensor[][] hessian = Autograd.Hessian(f, parameters);
            for (int i = 0; i < names.Length; i++)
                for (int j = 0; j < names.Length; j++) blocks[(names[i], names[j])] = hessian[i][j];
            return [];
        });
        return blocks;
    }

    private static OrderedDictionary<string, Tensor> Differentiate(
        Module module, Func<Tensor> output, Func<Func<Tensor[], Tensor>, Tensor[], string[], Tensor[]> derivative)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(output);
        (string[] names, Parameter[] parameters) = Named(module);
        Tensor[] values = [.. parameters.Select(parameter => parameter.Detach())];
        return ByName(names, derivative(given => Standing(parameters, given, output), values, names));
    }

    private static T With<T>(Module module, IReadOnlyDictionary<string, Tensor> state, Func<T> call)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(state);
        var entries = module.StateEntries().DistinctBy(entry => entry.Name).ToDictionary(entry => entry.Name, entry => entry.Value);
        foreach ((string name, Tensor value) in state)
        {
            if (!entries.TryGetValue(name, out Tensor? own))
                throw new ValueException($"{module.TypeName}.CallWith: there is no parameter or buffer '{name}'; there are "
                    + $"{string.Join(", ", entries.Keys)}");
            if (value?.Shape != own.Shape)
                throw new ValueException($"{module.TypeName}.CallWith: {name} has shape {value?.Shape} in the state and {own.Shape} in the module");
        }
        string[] given = [.. state.Keys];
        return Standing([.. given.Select(name => entries[name])], [.. given.Select(name => state[name])], call);
    }

    private static T Standing<T>(Tensor[] owners, Tensor[] given, Func<T> call)
    {
        var restore = new Stack<Action>();
        try
        {
            for (int i = 0; i < owners.Length; i++) restore.Push(owners[i].StandFor(given[i]));
            return call();
        }
        finally
        {
            while (restore.TryPop(out Action? undo)) undo();
        }
    }

    private static (string[] Names, Parameter[] Parameters) Named(Module module)
    {
        IReadOnlyList<(string Name, Parameter Value)> named = module.NamedParameters();
        return ([.. named.Select(entry => entry.Name)], [.. named.Select(entry => entry.Value)]);
    }

    private static Tensor[] Directions(string op, string[] names, Tensor[] parameters, IReadOnlyDictionary<string, Tensor> v)
    {
        ArgumentNullException.ThrowIfNull(v);
        if (v.Keys.FirstOrDefault(name => !names.Contains(name)) is { } unknown)
            throw new ValueException($"{op}: there is no parameter '{unknown}'; there are {string.Join(", ", names)}");
        return [.. names.Select((name, i) => v.TryGetValue(name, out Tensor? direction) ? direction : Tensor.ZerosLike(parameters[i]))];
    }

    private static OrderedDictionary<string, Tensor> ByName(string[] names, Tensor[] tensors) =>
        new(names.Zip(tensors, (name, tensor) => KeyValuePair.Create(name, tensor)));
}
