using MiniTorch.Data;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    /// <summary>
    /// Runs a function in evaluation mode and without recording a graph; afterwards every module has the mode it had:
    /// <c>model.Evaluate(() => Metrics.Accuracy(model.Call(x), y))</c>.
    /// </summary>
    public T Evaluate<T>(Func<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        (Module Module, bool Training)[] modes = [.. NamedModules().Select(module => (module.Value, module.Value.Training))];
        using ModeScope mode = Autograd.NoGrad();
        try
        {
            Eval();
            return function();
        }
        finally
        {
            foreach ((Module module, bool training) in modes) module.Training = training;
        }
    }

    /// <summary>As <see cref="Evaluate{T}"/>, the mean over all samples of a metric that is a mean over a batch: <c>model.Evaluate(loader, batch => …)</c>.</summary>
    /// <param name="batches">A loader, or any batches; the first tensor's first dimension counts the samples.</param>
    /// <param name="metric">A batch's mean, such as its loss or accuracy.</param>
    /// <returns>The mean; NaN without samples.</returns>
    public double Evaluate(IEnumerable<Batch> batches, Func<Batch, double> metric) => Evaluate(() =>
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(metric);
        var mean = new RunningMean();
        foreach (Batch batch in batches) mean.Add(batch is null ? throw new ArgumentNullException(nameof(batches), "Evaluate: a batch is null") : metric(batch), weight: batch[0].Shape[0]);
        return mean.Value;
    });
}
