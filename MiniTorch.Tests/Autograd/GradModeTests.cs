namespace MiniTorch.Tests.Differentiation;

/// <summary>Recording on and off, across nesting, exceptions, await and threads.</summary>
[TestFixture]
public sealed class GradModeTests
{
    static Tensor Leaf() => Tensor.Ones([2], requiresGrad: true);

    static bool Records() => (Leaf() * 2).RequiresGrad;

    [Test]
    public void Scopes_nest_and_end()
    {
        Records().ShouldBeTrue();
        using (Autograd.NoGrad())
        {
            Records().ShouldBeFalse();
            using (Autograd.EnableGrad()) Records().ShouldBeTrue();
            Records().ShouldBeFalse();
        }
        Records().ShouldBeTrue();
    }

    [Test]
    public void A_scope_ends_with_an_exception()
    {
        Should.Throw<InvalidOperationException>((Action)(() =>
        {
            using ModeScope scope = Autograd.NoGrad();
            throw new InvalidOperationException();
        }));
        Records().ShouldBeTrue();
    }

    [Test]
    public async Task A_scope_flows_through_await_to_whichever_thread_continues()
    {
        using (Autograd.NoGrad())
        {
            for (int i = 0; i < 20; i++)
            {
                await Task.Delay(1).ConfigureAwait(false);
                Records().ShouldBeFalse();
            }
            (await Task.Run(Records)).ShouldBeFalse();
        }
        await Task.Yield();
        Records().ShouldBeTrue();
        (await Task.Run(Records)).ShouldBeTrue();
    }

    [Test]
    public async Task A_scope_opened_in_an_async_method_does_not_leak_into_its_caller()
    {
        await Inner();
        Records().ShouldBeTrue();

        static async Task Inner()
        {
            using ModeScope scope = Autograd.NoGrad();
            await Task.Yield();
            Records().ShouldBeFalse();
        }
    }

    [Test]
    public async Task Concurrent_flows_have_modes_of_their_own() =>
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            using ModeScope scope = i % 2 == 0 ? Autograd.NoGrad() : Autograd.EnableGrad();
            for (int k = 0; k < 50; k++)
            {
                await Task.Yield();
                Records().ShouldBe(i % 2 != 0);
            }
        })));

    [Test]
    public void A_new_thread_starts_with_the_mode_of_its_creator()
    {
        bool? records = null;
        using (Autograd.NoGrad())
        {
            var thread = new Thread(() => records = Records());
            thread.Start();
            thread.Join();
        }
        records.ShouldBe(false);
    }

    [Test]
    public void Backward_records_nothing_unless_it_is_asked_to()
    {
        Tensor x = Leaf();
        x.Pow(3).Sum().Backward();
        x.Grad!.RequiresGrad.ShouldBeFalse();
        Records().ShouldBeTrue();
    }

    [Test]
    public void A_parameter_made_under_NoGrad_still_gathers_gradients_later()
    {
        Tensor x;
        using (Autograd.NoGrad()) x = Leaf();
        x.Sum().Backward();
        x.Grad!.ToArray<float>().ShouldBe([1, 1]);
    }
}
