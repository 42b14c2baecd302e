namespace MiniTorch;

/// <summary>
/// Waits that <see cref="Thread.Interrupt"/> does not cut short, for places where leaving early would lose memory or leave a graph half visited. The
/// interrupt stays pending: the next wait outside of the engine throws it.
/// </summary>
internal static class Uninterrupted
{
    /// <summary>Enters a lock; dispose of the result to leave it.</summary>
    public static Lock.Scope Enter(Lock gate)
    {
        for (bool interrupted = false; ;)
        {
            try
            {
                Lock.Scope scope = gate.EnterScope();
                if (interrupted) Thread.CurrentThread.Interrupt();
                return scope;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
    }

    /// <summary>Enters a monitor; <see cref="Monitor.Exit"/> leaves it.</summary>
    public static void Enter(object gate) => Run(Monitor.Enter, gate);

    /// <summary>Repeats a wait that an interrupt ended.</summary>
    public static void Run<T>(Action<T> wait, T state)
    {
        for (bool interrupted = false; ;)
        {
            try
            {
                wait(state);
                if (interrupted) Thread.CurrentThread.Interrupt();
                return;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
    }
}
