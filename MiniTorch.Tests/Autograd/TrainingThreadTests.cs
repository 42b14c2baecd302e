using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Differentiation;

/// <summary>Whole training loops on many threads.</summary>
[TestFixture]
public sealed class TrainingThreadTests
{
    private const int Threads = 6, Steps = 60;

    [Test]
    public void Threads_that_train_models_of_their_own_get_what_one_thread_gets()
    {
        float[][] alone = [.. Enumerable.Range(0, Threads).Select(seed => Train(seed))], together = new float[Threads][];
        OnThreads(seed => together[seed] = Train(seed));
        for (int seed = 0; seed < Threads; seed++) together[seed].ShouldBe(alone[seed], "the same bits");
    }

    [Test]
    public void Frozen_weights_are_shared_by_threads_that_train_on_top_of_them()
    {
        Sequential body = Network(100);
        body.RequireGrad(false);
        float[] before = Weights(body), alone = Train(1, body);
        float[][] together = new float[Threads][];
        OnThreads(seed => together[seed] = Train(1, body));
        together.ShouldAllBe(weights => weights.SequenceEqual(alone));
        Weights(body).ShouldBe(before);
    }

    [Test]
    public void Reading_threads_do_not_disturb_one_that_trains()
    {
        Sequential model = Network(7);
        Tensor x = Tensor.Randn([16, 8], new Generator(3));
        bool isDone = false;
        Exception? failure = null;
        Thread[] readers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            try
            {
                while (!Volatile.Read(ref isDone))
                    using (Autograd.NoGrad()) model.Call(x).IsFinite().All().Item<bool>().ShouldBeTrue();
            }
            catch (Exception error) { failure = error; }
        }))];
        foreach (Thread reader in readers) reader.Start();
        Fit(model, 7, 200);
        Volatile.Write(ref isDone, true);
        foreach (Thread reader in readers) reader.Join();
        failure.ShouldBeNull();
        float[] read = Weights(model), alone = Weights(Fit(Network(7), 7, 200));
        read.ShouldBe(alone, "readers change nothing");
    }

    private static void OnThreads(Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() =>
        {
            try { work(i); }
            catch (Exception error) { failure = error; }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        failure.ShouldBeNull();
    }

    private static Sequential Network(int seed)
    {
        var model = new Sequential(new Linear(8, 32), new Tanh(), new Linear(32, 8));
        var generator = new Generator(seed);
        foreach (Parameter parameter in model.Parameters()) Init.Uniform(parameter, -0.3, 0.3, generator);
        return model;
    }

    private static float[] Train(int seed, Module<Tensor, Tensor>? body = null) => Weights(Fit(Network(seed), seed, Steps, body));

    private static Sequential Fit(Sequential model, int seed, int steps, Module<Tensor, Tensor>? body = null)
    {
        var generator = new Generator(seed + 50);
        var optimizer = new Adam(model.Parameters(), lr: 1e-2);
        for (int step = 0; step < steps; step++)
        {
            Tensor x = Tensor.Randn([32, 8], generator), y = Tensor.RandInt(0, 8, [32], generator);
            optimizer.ZeroGrad();
            Functional.CrossEntropy(model.Call(body is null ? x : body.Call(x)), y).Backward();
            optimizer.Step();
        }
        return model;
    }

    private static float[] Weights(Module model) => [.. model.Parameters().SelectMany(parameter => parameter.ToArray<float>())];
}
