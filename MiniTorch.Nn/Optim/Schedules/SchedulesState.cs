namespace MiniTorch.Optim;

/// <summary>The state of a schedule that consists of others: their states, without the rates, which they share.</summary>
internal static class SchedulesState
{
    public static Dictionary<string, double> Of(LRScheduler[] schedulers)
    {
        var state = new Dictionary<string, double>();
        for (int i = 0; i < schedulers.Length; i++)
            foreach ((string name, Tensor value) in schedulers[i].StateDict())
                if (!LRScheduler.IsLastRate(name)) state[Prefix(i) + name] = value.Item<double>();
        return state;
    }

    public static void Load(LRScheduler[] schedulers, IReadOnlyDictionary<string, double> state)
    {
        for (int i = 0; i < schedulers.Length; i++)
            schedulers[i].LoadStateDict(state.Where(entry => entry.Key.StartsWith(Prefix(i), StringComparison.Ordinal))
                .ToDictionary(entry => entry.Key[Prefix(i).Length..], entry => Tensor.Full([], entry.Value, DType.Float64)));
    }

    private static string Prefix(int index) => $"schedulers.{index}.";
}
