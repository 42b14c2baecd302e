using MiniTorch.Data;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    /// <summary>
    /// Runs a function in evaluation mode, without recording a graph; afterwards every module is back in its previous mode:
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

    /// <summary>
    /// Computes the mean of a metric over all samples, in evaluation mode: <c>model.Evaluate(loader, batch => …)</c>. Each batch is weighted by its
    /// number of samples.
    /// </summary>
    /// <param name="batches">A loader, or any batches; the first dimension of the first tensor is the number of samples.</param>
    /// <param name="metric">Returns the mean of the metric over a batch, such as its loss or accuracy.</param>
    /// <param name="progress">Receives the number of batches that are done, after each of them.</param>
    /// <param name="cancellationToken">Cancels the evaluation before a batch is measured.</param>
    /// <returns>The mean; NaN if there are no samples.</returns>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled. Every module is back in its previous mode.</exception>
    public double Evaluate(IEnumerable<Batch> batches, Func<Batch, double> metric, IProgress<int>? progress = null,
        CancellationToken cancellationToken = default) => Evaluate(() =>
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(metric);
        var mean = new RunningMean();
        int done = 0;
        cancellationToken.ThrowIfCancellationRequested();
        foreach (Batch batch in batches)
        {
            if (batch is null) throw new ArgumentNullException(nameof(batches), "Evaluate: a batch is null");
            mean.Add(metric(batch), weight: batch[0].Shape[0]);
            progress?.Report(++done);
            cancellationToken.ThrowIfCancellationRequested();
        }
        return mean.Value;
    });
}
