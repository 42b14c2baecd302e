namespace MiniTorch.Optim;

/// <summary>
/// Implements limited-memory BFGS (torch.optim.LBFGS; Liu and Nocedal 1989): steps along the gradient times an inverse Hessian that is estimated from
/// the latest changes of the gradient. Every <see cref="Step(Func{Tensor}?)"/> makes several iterations, so it needs a closure that computes the
/// loss and its gradients again.
/// </summary>
public sealed class LBFGS : Optimizer
{
    // A pair is kept only if the loss curves upwards along the step by at least this much.
    private const double LeastCurvature = 1e-10;

    private readonly int _maxIterations, _maxEvaluations, _historySize;
    private readonly double _toleranceGrad, _toleranceChange;
    private readonly bool _strongWolfe;
    private readonly List<Tensor> _moves = [], _changes = [];
    private Tensor? _direction, _previousGradient;
    private double _step, _scale = 1;
    private long _iterations;

    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate: the step length along the direction, or the first one tried by the line search.</param>
    /// <param name="maxIter">The maximum number of iterations per step.</param>
    /// <param name="maxEval">The maximum number of closure evaluations per step; 1.25 · <paramref name="maxIter"/> by default.</param>
    /// <param name="toleranceGrad">Stops when no gradient element is larger than this.</param>
    /// <param name="toleranceChange">Stops when neither the loss nor any parameter changes by more than this.</param>
    /// <param name="historySize">The number of gradient changes that are kept.</param>
    /// <param name="strongWolfe">Whether a line search finds a step that satisfies the strong Wolfe conditions.</param>
    /// <exception cref="ValueException">A value is negative, or a count is not positive.</exception>
    public LBFGS(IEnumerable<Tensor> parameters, double lr = 1, int maxIter = 20, int? maxEval = null, double toleranceGrad = 1e-7,
        double toleranceChange = 1e-9,
        int historySize = 100, bool strongWolfe = false) : base(parameters, new OptimizerOption("lr", lr))
    {
        if (maxIter < 1 || maxEval < 1 || historySize < 1)
            throw Error($"maxIter is {maxIter}, maxEval {maxEval} and historySize {historySize}; all must be 1 or more");
        if (!(toleranceGrad >= 0 && toleranceChange >= 0))
            throw Error(FormattableString.Invariant(
                $"toleranceGrad is {toleranceGrad} and toleranceChange is {toleranceChange}; both must be 0 or more"));
        (_maxIterations, _maxEvaluations, _historySize) = (maxIter, maxEval ?? (int)Math.Min(maxIter * 5L / 4, int.MaxValue), historySize);
        (_toleranceGrad, _toleranceChange, _strongWolfe) = (toleranceGrad, toleranceChange, strongWolfe);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> NumberNames => [];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => [];

    // Steps and gradient changes are vectors over all parameters.
    private protected override bool NeedsOrder => true;

    private IReadOnlyList<Tensor> Parameters => Groups[0].Parameters;

    /// <summary>Runs up to <c>maxIter</c> iterations.</summary>
    /// <param name="closure">Clears the gradients, computes the loss and its gradients, and returns the loss.</param>
    /// <returns>The loss before the step.</returns>
    /// <exception cref="ValueException">There is no closure.</exception>
    public override Tensor? Step(Func<Tensor>? closure = null) => Step(closure!, null);

    /// <summary>Runs up to <c>maxIter</c> iterations until it is cancelled.</summary>
    /// <param name="closure">Clears the gradients, computes the loss and its gradients, and returns the loss.</param>
    /// <param name="progress">Receives the loss after each iteration; without a line search, the last iteration does not compute it.</param>
    /// <param name="cancellationToken">Cancels the step between two iterations; the finished iterations are kept.</param>
    /// <returns>The loss before the step.</returns>
    /// <exception cref="ValueException">There is no closure.</exception>
    /// <exception cref="OperationCanceledException">The step was cancelled. Parameters and state are those after the last finished
    /// iteration.</exception>
    public Tensor? Step(Func<Tensor> closure, IProgress<double>? progress, CancellationToken cancellationToken = default)
    {
        if (closure is null) throw Error("Step needs a closure that computes the loss and its gradients");
        cancellationToken.ThrowIfCancellationRequested();
        using ModeScope mode = Autograd.NoGrad();
        double lr = Groups[0]["lr"];
        (Tensor first, Tensor gradient) = Evaluate(closure);
        double loss = first.Item<double>();
        int evaluations = 1;
        if (Largest(gradient) <= _toleranceGrad) return first;

        for (int i = 1; i <= _maxIterations; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _direction = NextDirection(gradient);
            double previousLoss = loss;
            _previousGradient = gradient;
            _step = _iterations == 1 ? Math.Min(1, 1 / gradient.Abs().Sum().Item<double>()) * lr : lr;
            double slope = Dot(gradient, _direction);
            if (slope > -_toleranceChange) break;

            if (_strongWolfe)
            {
                Tensor[] start = [.. Parameters.Select(parameter => parameter.Detach().Clone())];
                var search = new WolfeSearch(step => At(closure, start, step), _direction, loss, gradient, slope);
                (_step, loss, gradient) = search.Run(_step);
                Place(start, _step);
                evaluations += search.Evaluations;
            }
            else
            {
                Place(Parameters, _step);
                if (i < _maxIterations)
                {
                    (Tensor value, gradient) = Evaluate(closure);
                    loss = value.Item<double>();
                    evaluations++;
                }
            }
            progress?.Report(loss);
            if (evaluations >= _maxEvaluations || Largest(gradient) <= _toleranceGrad || Largest(_direction) * _step <= _toleranceChange
                || Math.Abs(loss - previousLoss) < _toleranceChange) break;
        }
        return first;
    }

    /// <inheritdoc/>
    public override OrderedDictionary<string, Tensor> StateDict()
    {
        OrderedDictionary<string, Tensor> state = base.StateDict();
        state["lbfgs.iterations"] = Number(_iterations);
        state["lbfgs.step"] = Number(_step);
        state["lbfgs.scale"] = Number(_scale);
        state["lbfgs.last"] = Stacked(_direction is null ? [] : [_direction, _previousGradient!]);
        state["lbfgs.moves"] = Stacked(_moves);
        state["lbfgs.changes"] = Stacked(_changes);
        return state;
    }

    /// <summary>Not supported: all parameters are updated together.</summary>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void CheckGroup(ParameterGroup group)
    {
        if (Groups.Count > 0) throw Error("all parameters must be in one group");
    }

    private protected override Action ReadMore(StateReader reader)
    {
        int columns = Shape.Size(Parameters.Sum(parameter => parameter.ElementCount), nameof(LBFGS));
        DType dtype = Parameters[0].DType;
        (double? iterations, double? step, double? scale) =
            (reader.Number("lbfgs.iterations"), reader.Number("lbfgs.step"), reader.Number("lbfgs.scale"));
        Tensor? last = reader.Rows("lbfgs.last", columns, dtype), moves = reader.Rows("lbfgs.moves", columns, dtype),
            changes = reader.Rows("lbfgs.changes", columns, dtype);
        if (last is not null && moves is not null && changes is not null && iterations is { } count)
        {
            if (count < 0 || count != Math.Floor(count))
                reader.Problem(FormattableString.Invariant($"lbfgs.iterations is {count}; it must be a whole number, 0 or more"));
            if (last.Shape[0] != (count > 0 ? 2 : 0))
                reader.Problem(FormattableString.Invariant(
                    $"lbfgs.last has {last.Shape[0]} rows; after {count} iterations it has {(count > 0 ? 2 : 0)}"));
            if (moves.Shape[0] != changes.Shape[0])
                reader.Problem($"lbfgs.moves has {moves.Shape[0]} rows and lbfgs.changes {changes.Shape[0]}; they must be equal");
        }
        return () =>
        {
            (_iterations, _step, _scale) = ((long)iterations!, step!.Value, scale!.Value);
            (_direction, _previousGradient) = last!.Shape[0] == 2 ? (last[0], last[1]) : (null, null);
            Refill(_moves, moves!);
            Refill(_changes, changes!);
        };
    }

    private static void Refill(List<Tensor> list, Tensor rows)
    {
        list.Clear();
        foreach (Tensor row in rows) list.Add(row);
    }

    private Tensor Stacked(List<Tensor> rows) =>
        rows.Count > 0 ? Tensor.Stack(rows.ToArray())
            : Tensor.Zeros([0, Shape.Size(Parameters.Sum(parameter => parameter.ElementCount), nameof(LBFGS))], Parameters[0].DType);

    // The two-loop recursion (Nocedal and Wright 2006, algorithm 7.4).
    private Tensor NextDirection(Tensor gradient)
    {
        if (++_iterations == 1) return -gradient;
        Tensor change = gradient - _previousGradient!, move = _direction! * _step;
        double curvature = Dot(change, move);
        if (curvature > LeastCurvature)
        {
            if (_moves.Count == _historySize)
            {
                _moves.RemoveAt(0);
                _changes.RemoveAt(0);
            }
            _moves.Add(move);
            _changes.Add(change);
            _scale = curvature / Dot(change, change);
        }

        var weights = new double[_moves.Count];
        Tensor direction = -gradient;
        for (int i = _moves.Count - 1; i >= 0; i--)
        {
            weights[i] = Dot(_moves[i], direction) / Dot(_changes[i], _moves[i]);
            direction -= _changes[i] * weights[i];
        }
        direction *= _scale;
        for (int i = 0; i < _moves.Count; i++)
            direction += _moves[i] * (weights[i] - (Dot(_changes[i], direction) / Dot(_changes[i], _moves[i])));
        return direction;
    }

    private (double Loss, Tensor Gradient) At(Func<Tensor> closure, IReadOnlyList<Tensor> start, double step)
    {
        Place(start, step);
        (Tensor loss, Tensor gradient) = Evaluate(closure);
        return (loss.Item<double>(), gradient);
    }

    /// <summary>Sets parameters = start + step · direction.</summary>
    private void Place(IReadOnlyList<Tensor> start, double step)
    {
        int offset = 0;
        for (int i = 0; i < Parameters.Count; i++)
        {
            int count = (int)Parameters[i].ElementCount;
            Parameters[i].CopyInPlace(start[i].Detach() + (_direction!.Narrow(0, offset, count).Reshape(Parameters[i].Shape) * step));
            offset += count;
        }
    }

    private (Tensor Loss, Tensor Gradient) Evaluate(Func<Tensor> closure)
    {
        Tensor loss;
        using (Autograd.EnableGrad()) loss = closure() ?? throw Error("the closure returned null; it must return the loss");
        return (loss, Tensor.Cat([.. Parameters.Select(parameter => (parameter.Grad ?? Tensor.ZerosLike(parameter)).Reshape(-1))]));
    }

    private static double Dot(Tensor a, Tensor b) => (a * b).Sum().Item<double>();

    private static double Largest(Tensor x) => x.ElementCount == 0 ? 0 : x.Abs().Max().Item<double>();
}
